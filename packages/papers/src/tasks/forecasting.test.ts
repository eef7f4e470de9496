import { type ForecastingData, forecasting, parseDelimited, type Series } from "@quire/data";
import { Linear, Module } from "@quire/nn";
import { exportOnnx, type HostTensor, type Tensor } from "@quire/tensor";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { describeForecastModel } from "./forecast-comparison.ts";
import { prepareForecast } from "./forecast-data.ts";
import { forecastErrors } from "./forecast-errors.ts";
import { seasonalNaive } from "./forecast-naive.ts";
import { SeriesForecaster } from "./forecast-system.ts";
import type { Forecaster, ForecastInputs } from "./forecast-target.ts";
import { trainForecaster } from "./forecast-training.ts";

const DAY = 86_400_000;
const FIRST = Date.UTC(2024, 0, 1);

/** Days of which the even ones of `known` raise `y` by 10; `z` follows `y`. */
function days(count: number, ahead = 0): ForecastingData {
  const lines = Array.from({ length: count + ahead }, (_, i) => {
    const [day, known] = [
      new Date(FIRST + i * DAY).toISOString().slice(0, 10),
      (i * i) % 3 === 0 ? 1 : 0,
    ];
    return i < count ? `${day},${100 + 10 * known},${7 + known},${known}` : `${day},,,${known}`;
  });
  const text = `day,y,z,known\n${lines.join("\n")}`;
  const table = parseDelimited(new TextEncoder().encode(text), "t.csv");
  return forecasting(table, { targets: ["y"], past: ["z"], known: ["known"] });
}

/** Says a learned multiple of what is known ahead, and a learned number. */
class Known extends Module implements Forecaster {
  readonly layer = new Linear({ in: 1, out: 1 });

  forward({ known }: ForecastInputs): Tensor {
    return this.layer.forward(known as Tensor);
  }
}

const cut = { context: 10, horizon: 4, validation: 0.2, test: 0.1 };

function system(data: ForecastingData): SeriesForecaster {
  const prepared = prepareForecast(data, cut);
  const description = describeForecastModel({ paper: "known", options: {}, data: prepared });
  return new SeriesForecaster(new Known(), description);
}

describe("series are cut by time", () => {
  const prepared = prepareForecast(days(100), cut);

  test("windows of a part have all of their future in it, and none sees another's", () => {
    const { train, validation, test: last } = prepared;
    const spans = [train, validation, last].map((windows) => [
      windows.placeOf(0).step,
      windows.placeOf(windows.size - 1).step + cut.horizon,
    ]);
    expect(spans).toEqual([
      [10, 70],
      [70, 90],
      [90, 100],
    ]);
    expect([train.size, validation.size, last.size]).toEqual([57, 17, 7]);
  });

  test("the training part alone says how values are scaled", () => {
    const data = days(100);
    const [series] = data.series as [Series];
    series.values.fill(1e6, 70 * 3);
    const scales = prepareForecast(data, cut).scales;
    expect(scales).toEqual(prepared.scales);
    const y = Array.from({ length: 70 }, (_, i) => ((i * i) % 3 === 0 ? 110 : 100));
    const mean = y.reduce((sum, value) => sum + value, 0) / 70;
    const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 70;
    expect(scales[""]?.mean[0]).toBeCloseTo(mean, 10);
    expect(scales[""]?.deviation[0]).toBeCloseTo(Math.sqrt(variance), 10);
  });

  test("what is read and said, and the season of days", () => {
    expect(prepared.target).toEqual({
      ...{ context: 10, horizon: 4, channels: 3, known: 1, outputs: 1, unit: "day" },
    });
    expect([prepared.season, prepared.step, prepared.channels]).toEqual([
      7,
      "1 day",
      ["y", "z", "known"],
    ]);
  });

  test("series that are too short are refused", () => {
    expect(() => prepareForecast(days(30), { ...cut, horizon: 20 })).toThrow(
      /^The longest series has 30 steps, which leaves no training window of a context of 10 and a horizon of 20: give more rows, or less context or horizon\.$/,
    );
  });
});

test("the seasonal naive forecast repeats the last season, or the last value", () => {
  const { train } = prepareForecast(days(100), cut);
  const values = train.series[0]?.values as Float32Array;
  const y = (step: number): number => values[step * 3] as number;
  const { step } = train.placeOf(5);
  expect([...seasonalNaive(train, 5, 3)]).toEqual([step - 3, step - 2, step - 1, step - 3].map(y));
  expect([...seasonalNaive(train, 5, 500)]).toEqual([1, 1, 1, 1].map(() => y(step - 1)));
});

test("errors: squares and distances of scaled values, distances in units, by window and by step", () => {
  const { train } = prepareForecast(days(100), cut);
  const { truth } = train.batch([0, 1]);
  const said = Float32Array.from(truth.data);
  said[0] = (said[0] as number) + 2;
  said[7] = (said[7] as number) - 1;
  const found = forecastErrors(train, [0, 1], said);
  expect(found.mse).toBeCloseTo(5 / 8, 5);
  expect(found.mae).toBeCloseTo(3 / 8, 5);
  const deviation = train.series[0]?.deviation[0] as number;
  expect(found.distances[0]).toBeCloseTo((deviation * 3) / 8, 5);
  expect([...found.losses].map((loss) => Number(loss.toFixed(5)))).toEqual([1, 0.25]);
  expect(found.bySteps.map((error) => Number(error.toFixed(5)))).toEqual([2, 0, 0, 0.5]);
});

describe("a forecaster", () => {
  const data = days(100);
  const recipe = { epochs: 40, batchSize: 16, learningRate: 0.05, warmUp: 0, weightDecay: 0 };

  test("learns what is known ahead, and forecasts past the end with times that go on", async () => {
    const forecaster = system(data);
    const { train, validation } = prepareForecast(data, cut);
    const { points } = await trainForecaster(forecaster, { train, validation, recipe, seed: 1 });
    expect(points.at(-1)?.values["mse"]).toBeLessThan(0.01);
    const { mse, naive } = await forecaster.evaluate(validation);
    expect(mse).toBeLessThan(naive.mse / 10);
    const [said] = await forecaster.predict(days(100, 6).series);
    expect([...(said?.times ?? [])]).toEqual([100, 101, 102, 103].map((i) => FIRST + i * DAY));
    const wanted = [100, 101, 102, 103].map((i) => ((i * i) % 3 === 0 ? 110 : 100));
    expect([...(said?.values ?? [])].map(Math.round)).toEqual(wanted);
    await forecaster.release();
  });

  test("its ONNX file takes and gives units", async () => {
    const forecaster = system(data);
    const { run, inputs } = forecaster.exported;
    const exported = await exportOnnx(run, { inputs });
    const { validation } = prepareForecast(data, cut);
    const given = forecaster.argumentsOf(validation, 3);
    const session = await InferenceSession.create(exported.model);
    const fed = Object.fromEntries(
      Object.keys(inputs).map((name, i) => {
        const { data: values, shape } = given[i] as HostTensor<"float32">;
        return [name, new OrtTensor("float32", values, [...shape])];
      }),
    );
    const { forecast } = await session.run(fed);
    const { mean, deviation } = forecaster.description.scales[""] as {
      mean: number[];
      deviation: number[];
    };
    const said = await forecaster.forecast(validation, [3]);
    const wanted = Array.from(said, (value) => value * Number(deviation[0]) + Number(mean[0]));
    expect(
      Array.from((forecast as OrtTensor).data as Float32Array, Number).map((value) =>
        value.toFixed(3),
      ),
    ).toEqual(wanted.map((value) => value.toFixed(3)));
    await forecaster.release();
  });

  test("series too short, and what is known ahead and not given, are refused", async () => {
    const forecaster = system(data);
    await expect(forecaster.predict(days(9, 4).series)).rejects.toThrow(
      /^The series has 9 steps, and the run reads 10: give at least as many\.$/,
    );
    await expect(forecaster.predict(days(20, 3).series)).rejects.toThrow(
      /^The series goes on for 3 rows of known alone, and a forecast needs 4: add rows with times and these columns, the targets left empty\.$/,
    );
  });
});
