import { parseDelimited, type Table } from "@quire/data";
import { inference, Linear, type Mode, Module } from "@quire/nn";
import { Random, relu, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import {
  describeTabularModel,
  encodedKinds,
  encodeFeatures,
  encodeTable,
  fitTabularEncoding,
  TabularPredictor,
  type TabularRecipe,
  type TabularRows,
  type TabularTarget,
  tabularBatches,
  tabularRecipeFor,
  tabularScores,
  trainTabular,
} from "./tabular-prediction.ts";

function read(text: string, kinds = {}, name = "data.csv"): Table {
  return parseDelimited(new TextEncoder().encode(text), name, { kinds });
}

/** People whose loan a rule decides; noise beside it, and holes. */
function people(rows: number, seed: number): Table {
  const random = new Random(seed);
  const lines = Array.from({ length: rows }, () => {
    const [age, income] = [20 + random.integer(50), Math.exp(3 + random.normal())];
    const job = ["baker", "clerk", "pilot", "nurse"][random.integer(4)] as string;
    const worth =
      Math.log(income) + (job === "pilot" ? 1.5 : 0) + 0.02 * age + 0.2 * random.normal();
    const shownIncome = random.uniform() < 0.1 ? "" : income.toFixed(3);
    const shownJob = random.uniform() < 0.1 ? "" : job;
    const noise = random.normal().toFixed(4);
    return [noise, age, shownIncome, shownJob, worth > 4.1 ? "yes" : "no", worth.toFixed(4)].join(
      ",",
    );
  });
  return read(`noise,age,income,job,loan,worth\n${lines.join("\n")}\n`);
}

class TwoLayers extends Module {
  readonly hidden: Linear;
  readonly head: Linear;

  constructor({ features, outputs }: TabularTarget) {
    super();
    this.hidden = new Linear({ in: features, out: 32 });
    this.head = new Linear({ in: 32, out: outputs });
  }

  forward(rows: Tensor, _mode: Mode = inference): Tensor {
    return this.head.forward(relu(this.hidden.forward(rows)));
  }
}

const recipe: TabularRecipe = {
  ...{ epochs: 30, batchSize: 32, learningRate: 0.01, warmUp: 1, weightDecay: 0, patience: 30 },
  mix: "none",
};

function predictorOf(encoding: Parameters<typeof encodeTable>[0]): TabularPredictor {
  const description = describeTabularModel({ paper: "none", options: {}, encoding });
  return new TabularPredictor(new TwoLayers(description.target), description);
}

const features = ["noise", "age", "income", "job"];

describe("fitTabularEncoding", () => {
  const { encoding, rows } = fitTabularEncoding(people(400, 1), {
    target: "loan",
    features,
    seed: 1,
  });

  test("sorts features by what they say, and gives them shares of it", () => {
    const names = ["noise", "age", "income", "income is missing", "job"];
    const order = encoding.order.map((place) => names[place]);
    expect(order[0]).toBe("income");
    expect(order.indexOf("job")).toBeLessThan(order.indexOf("noise"));
    expect(encoding.importance.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect([...encoding.importance]).toEqual([...encoding.importance].sort((a, b) => b - a));
    expect(rows.inputs.length).toBe(400 * 5);
    expect(JSON.parse(JSON.stringify(encoding))).toEqual(encoding);
  });

  test("numbers of the training rows are encoded as those of any rows, categories by the rows before", () => {
    const again = encodeTable(encoding, people(400, 1));
    const job = encoding.order.indexOf(4);
    const differ = Array.from({ length: 5 }, (_, feature) =>
      Array.from({ length: 400 }, (_r, row) => row).some(
        (row) => again.inputs[row * 5 + feature] !== rows.inputs[row * 5 + feature],
      ),
    );
    expect(differ).toEqual(differ.map((_, feature) => feature === job));
    expect(again.targets).toEqual(rows.targets);
  });

  test("a class says nothing of itself through a category that each row has alone", () => {
    const random = new Random(5);
    const lines = Array.from(
      { length: 200 },
      (_, i) => `id${i},${random.normal()},${random.integer(2)}`,
    );
    const table = read(`id,x,y\n${lines.join("\n")}\n`, { id: "category", y: "category" });
    const fitted = fitTabularEncoding(table, { target: "y", seed: 1 });
    // Every row is the first of its category, so all have the mean of all, which is then left out.
    expect(fitted.encoding.order).toEqual([0]);
  });

  test("what was never seen is encoded all the same: other categories, larger numbers, holes", () => {
    const text = "job,noise,age,extra,income\nastronaut,0,1e9,x,\n,0,30,x,55\nbaker,,30,x,55\n";
    const values = encodeFeatures(encoding, read(text, { job: "category" }));
    const at = (row: number, place: number): number =>
      values[row * 5 + encoding.order.indexOf(place)] as number;
    const job = encoding.columns.find(({ name }) => name === "job");
    if (job?.kind !== "category") throw new Error("job is a category");
    expect(at(0, 4)).toBeCloseTo(job.unseen, 6);
    expect(at(1, 4)).toBeCloseTo(job.missing, 6);
    expect(at(2, 4)).toBeCloseTo(job.values[job.categories.indexOf("baker")] as number, 6);
    expect(at(0, 2)).toBe(0);
    expect(at(0, 3)).toBeGreaterThan(1);
    expect(at(2, 0)).toBe(0);
    expect(at(0, 1)).toBeLessThan(4);
    expect([...values].every(Number.isFinite)).toBe(true);
  });

  test("kinds to read a new table by", () => {
    expect(encodedKinds(encoding)).toEqual({
      ...{ noise: "number", age: "number", income: "number" },
      ...{ job: "category", loan: "category" },
    });
  });

  test("refuses what cannot be encoded, in one sentence", () => {
    expect(() => encodeFeatures(encoding, read("age,income\n3,4\n", {}, "new.csv"))).toThrow(
      /^new\.csv lacks the columns "noise", "job", which the model was trained on: add what is missing; its values may be left empty\.$/,
    );
    expect(() => encodeFeatures(encoding, read("age,noise,job\n3,4,a\n", {}, "new.csv"))).toThrow(
      /^new\.csv lacks the column "income", which the model was trained on: add what is missing; its values may be left empty\.$/,
    );
    const other = read(
      "age,income,noise,job,loan\n3,4,1,baker,maybe\n",
      { loan: "category" },
      "new.csv",
    );
    expect(() => encodeTable(encoding, other)).toThrow(
      /^new\.csv, line 2, column "loan": "maybe" is none of the model's classes "no", "yes": correct it or leave the row out\.$/,
    );
    const worded = read("age,income,noise,job\nold,4,1,baker\n", { age: "category" }, "new.csv");
    expect(() => encodeFeatures(encoding, worded)).toThrow(
      /^new\.csv, column "age": it holds categories, such as "old" in line 2, where numbers are needed: name another column, or correct the values\.$/,
    );
    const same = read("a,y\n1,0.5\n1,0.7\n1,0.9\n");
    expect(() => fitTabularEncoding(same, { target: "y", seed: 1 })).toThrow(
      /^data\.csv: no column varies among the training rows, so nothing says anything of "y": add columns\.$/,
    );
  });
});

describe("tabularBatches", () => {
  const inputs = Float32Array.from({ length: 40 }, (_, i) => i);
  const rows: TabularRows = {
    inputs,
    targets: Float32Array.from({ length: 20 }, (_, i) => i % 2),
    size: 20,
  };
  const plain = {
    ...{ cut: { count: 2, size: 10 }, seed: 1, epoch: 0, start: 0, outputs: 1 },
    importance: [0.9, 0.1],
  };

  test("an epoch has every row once, in an order of its own, and goes on from any batch", () => {
    const batches = [...tabularBatches(rows, plain)];
    const seen = batches.flatMap((batch) => batch.rows.toArray()).sort((a, b) => a - b);
    expect(seen).toEqual([...inputs]);
    expect([...tabularBatches(rows, { ...plain, start: 1 })]).toEqual(batches.slice(1));
    expect([...tabularBatches(rows, { ...plain, epoch: 1 })]).not.toEqual(batches);
  });

  test("mixed features keep the label by what they say of it", () => {
    const options = { ...plain, mix: { of: "features", alpha: 0.5 } } as const;
    let mixed = 0;
    for (const { rows: values, targets } of tabularBatches(rows, options)) {
      for (let row = 0; row < 10; row++) {
        const [first, second] = [0, 1].map((i) =>
          Math.floor((values.data[row * 2 + i] as number) / 2),
        );
        const target = targets.data[row] as number;
        if (first === second) continue;
        mixed++;
        // The first feature's row has nine tenths of the label, the second's one tenth.
        expect(target).toBeCloseTo(
          0.9 * ((first as number) % 2) + 0.1 * ((second as number) % 2),
          6,
        );
      }
    }
    expect(mixed).toBeGreaterThan(3);
  });

  test("mixed hidden values come with the other row, and a label of their share", () => {
    const options = { ...plain, width: 400, mix: { of: "hidden", alpha: 0.5 } } as const;
    for (const { rows: own, other, keep, targets } of tabularBatches(rows, options)) {
      expect([other?.shape, keep?.shape]).toEqual([
        [10, 2],
        [10, 400],
      ]);
      for (let row = 0; row < 10; row++) {
        const labels = [own, other].map(
          (each) => Math.floor((each?.data[row * 2] as number) / 2) % 2,
        );
        const kept = Array.from({ length: 400 }, (_, i) => keep?.data[row * 400 + i] as number);
        const share = kept.reduce((sum, value) => sum + value, 0) / 400;
        const wanted = share * (labels[0] as number) + (1 - share) * (labels[1] as number);
        expect(Math.abs((targets.data[row] as number) - wanted)).toBeLessThan(0.1);
      }
    }
  });

  test("mixed rows and their shares of several classes", () => {
    const options = { ...plain, outputs: 2, mix: { of: "rows", alpha: 0.5 } } as const;
    for (const { targets } of tabularBatches(rows, options)) {
      expect(targets.shape).toEqual([10, 2]);
      for (let row = 0; row < 10; row++) {
        const sum = (targets.data[row * 2] as number) + (targets.data[row * 2 + 1] as number);
        expect(sum).toBeCloseTo(1, 6);
      }
    }
  });
});

describe("trainTabular", () => {
  test("learns classes, keeps the best epoch's weights, and gives the same run again", async () => {
    const { encoding, rows } = fitTabularEncoding(people(400, 1), {
      target: "loan",
      features,
      seed: 1,
    });
    const validation = encodeTable(encoding, people(200, 2));
    const found: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const predictor = predictorOf(encoding);
      const { points } = await trainTabular(predictor, {
        train: rows,
        validation,
        recipe,
        seed: 3,
      });
      const scores = await predictor.evaluate(validation);
      const losses = points.map(({ values }) => values["logLoss"] as number);
      expect(scores["logLoss"]).toBeCloseTo(Math.min(...losses), 6);
      expect(scores["accuracy"]).toBeGreaterThan(0.8);
      expect(scores["auc"]).toBeGreaterThan(0.88);
      found.push(points);
      await predictor.release();
    }
    expect(found[0]).toEqual(found[1]);
  });

  test("learns numbers in their own unit, and ends when nothing gets better", async () => {
    const { encoding, rows } = fitTabularEncoding(people(400, 1), {
      target: "worth",
      features,
      seed: 1,
    });
    const validation = encodeTable(encoding, people(200, 2));
    const predictor = predictorOf(encoding);
    const impatient = { ...recipe, epochs: 500, patience: 3 };
    const { points } = await trainTabular(predictor, {
      train: rows,
      validation,
      recipe: impatient,
      seed: 3,
    });
    expect(points.length).toBeLessThan(200);
    const { r2, rmse } = await predictor.evaluate(validation);
    expect(r2).toBeGreaterThan(0.75);
    const known = people(200, 2).numbers("worth");
    const predictions = await predictor.predict(people(200, 2));
    if (predictions.predict !== "number") throw new Error("a number is predicted");
    const squares = known.reduce(
      (sum, v, i) => sum + (v - (predictions.values[i] as number)) ** 2,
      0,
    );
    expect(rmse).toBeCloseTo(Math.sqrt(squares / 200), 4);
    await predictor.release();
  });

  test("refuses to mix embeddings that a system does not have", async () => {
    const { encoding, rows } = fitTabularEncoding(people(50, 1), {
      target: "loan",
      features,
      seed: 1,
    });
    const mixed = { ...recipe, mix: { of: "hidden", alpha: 1 } } as const;
    await expect(
      trainTabular(predictorOf(encoding), {
        train: rows,
        validation: rows,
        recipe: mixed,
        seed: 1,
      }),
    ).rejects.toThrow(
      /^The system has no embeddings to be mixed: mix features or rows, or nothing\.$/,
    );
  });
});

test("scores of classes and of numbers", () => {
  const classes = ["a", "b", "c"];
  const probabilities = Float32Array.of(0.7, 0.2, 0.1, 0.1, 0.3, 0.6, 0.2, 0.5, 0.3);
  const scores = tabularScores({ predict: "class", classes, probabilities }, [0, 1, 1]);
  expect(scores["accuracy"]).toBeCloseTo(2 / 3, 9);
  expect(scores["logLoss"]).toBeCloseTo(-(Math.log(0.7) + Math.log(0.3) + Math.log(0.5)) / 3, 6);
  expect(scores["auc"]).toBe(1);
  const numbers = tabularScores({ predict: "number", values: Float64Array.of(1, 2, 4) }, [1, 3, 5]);
  expect(numbers["rmse"]).toBeCloseTo(Math.sqrt(2 / 3), 9);
  expect(numbers["mae"]).toBeCloseTo(2 / 3, 9);
  expect(numbers["r2"]).toBeCloseTo(1 - 2 / 8, 9);
});

test("a recipe is cut to the table", () => {
  const published = { ...recipe, epochs: 500, batchSize: 512, learningRate: 1e-4 };
  const cut = (rows: number, columns: number) => {
    const { epochs, batchSize, learningRate } = tabularRecipeFor(published, {
      rows,
      features: columns,
    });
    return [epochs, batchSize, learningRate];
  };
  expect(cut(100, 8)).toEqual([100, 16, 1e-3]);
  expect(cut(4000, 8)).toEqual([50, 128, 1e-3]);
  expect(cut(100_000, 8)).toEqual([20, 512, 1e-3]);
  expect(cut(100_000, 50)).toEqual([20, 128, 1e-3]);
  expect(cut(100_000, 2000)).toEqual([20, 16, 1e-3]);
  const { epochs, learningRate } = tabularRecipeFor(
    { ...published, epochs: 10 },
    { rows: 100, features: 8 },
  );
  expect([epochs, learningRate]).toEqual([10, 2e-4]);
});
