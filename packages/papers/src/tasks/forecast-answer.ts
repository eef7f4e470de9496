import { type ForecastingData, forecasting } from "@quire/data";
import { QuireError } from "@quire/tensor";
import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile, tableEndings } from "../task-answer.ts";
import { forecastFigure, type Stretch } from "./forecast-figure.ts";
import { SeriesForecaster } from "./forecast-system.ts";
import { columnsText, givenTable, numberColumns } from "./given-table.ts";

/** A series goes on. */
export const forecastAnswer = answersFiles(
  SeriesForecaster,
  {
    text: "Drop a table with a column of times and one of numbers, and it goes on.",
    accept: tableEndings,
  },
  ahead,
);

async function ahead(system: SeriesForecaster, given: GivenFile): Promise<Figure[]> {
  const table = await givenTable(given);
  const { context, outputs } = system.description.target;
  const { channels } = system.description;
  const numbers = numberColumns(table);
  if (numbers.length < outputs) {
    throw new QuireError(
      `"${given.name}" has ${columnsText(numbers.length)} of numbers, and the model forecasts ${outputs}: ` +
        `${channels.slice(0, outputs).join(", ")}; give as many.`,
    );
  }
  const targets = numbers.slice(0, outputs).map(({ name }) => name);
  const data: ForecastingData = forecasting(table, { targets });
  const [series] = data.series;
  if (!series) throw new QuireError("the table holds no series.");
  // By a name of its own it is scaled by its own values, whatever was learnt from.
  const [forecast] = await system.predict([{ ...series, name: `of ${given.name}` }]);
  if (!forecast) throw new QuireError("the series has no forecast.");
  const from = Math.max(0, series.times.length - 2 * context);
  return targets.map((of, channel) => {
    const own = ({ times, values }: Stretch, first: number): Stretch => ({
      times: Array.from(times).slice(first),
      values: Array.from(values)
        .filter((_, i) => i % outputs === channel)
        .slice(first),
    });
    return forecastFigure({
      ...{ title: outputs === 1 ? "How it goes on" : `How ${of} goes on`, of },
      past: own(series, from),
      forecasts: { forecast: own(forecast, 0) },
    });
  });
}
