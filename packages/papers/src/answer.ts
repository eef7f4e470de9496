import { type ForecastingData, forecasting, parseTable, type Table } from "@quire/data";
import { QuireError } from "@quire/tensor";
import type { Figure } from "./figure.ts";
import type { System } from "./system.ts";
import { forecastFigure } from "./tasks/forecast-figure.ts";
import { SeriesForecaster } from "./tasks/forecast-system.ts";
import { ImageClassifier } from "./tasks/image-classifier.ts";
import { LanguageModelSystem } from "./tasks/language-model.ts";
import { Linker } from "./tasks/linker.ts";
import { TabularPredictor } from "./tasks/tabular-predictor.ts";

/** A file of a user's own, or a picture as pixels: red, green, blue and opacity. */
export type Given =
  | {
      readonly kind: "picture";
      readonly width: number;
      readonly height: number;
      readonly bytes: Uint8ClampedArray;
    }
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array };

/** Rows that are shown of a table, at most. */
const MOST_ROWS = 40;
/** Names that are compared with one another, at most. */
const MOST_NAMES = 24;
/** What a language model writes on for. */
const NEW_TOKENS = 160;

/**
 * What a trained system says of something that is given to it.
 *
 * @throws QuireError when it cannot read what it is given.
 */
export async function answer(system: System, given: Given): Promise<Figure[]> {
  if (given.kind === "picture") {
    if (system instanceof ImageClassifier) return await ofPicture(system, given);
  } else if (system instanceof LanguageModelSystem) {
    return [await goingOn(system, new TextDecoder().decode(given.bytes))];
  } else if (system instanceof SeriesForecaster) {
    return [await ahead(system, await tableOf(given))];
  } else if (system instanceof TabularPredictor) {
    return [await predicted(system, await tableOf(given))];
  } else if (system instanceof Linker) return [await alike(system, await tableOf(given))];
  throw new QuireError(`this system has no answer to a ${given.kind}.`);
}

/** Lists of names come as texts: one a line. */
function tableOf({ name, bytes }: Extract<Given, { kind: "file" }>): Promise<Table> {
  return parseTable(bytes, name.replace(/\.(txt|md)$/i, ".csv"));
}

async function ofPicture(
  classifier: ImageClassifier,
  picture: Extract<Given, { kind: "picture" }>,
): Promise<Figure[]> {
  const { target, classes } = classifier.description;
  const { height, width, channels } = target;
  const seen = averaged(picture, target);
  const [said] = await classifier.predict(seen);
  const probabilities = said?.probabilities ?? [];
  const lines = classes
    .map((name, i) => ({ name, share: probabilities[i] as number }))
    .sort((a, b) => b.share - a.share)
    .map(({ name, share }) => `${(100 * share).toFixed(1).padStart(5)} %  ${name}`);
  const bytes = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let place = 0; place < height * width; place++) {
    for (let of = 0; of < 3; of++) {
      bytes[4 * place + of] = seen[place * channels + Math.min(of, channels - 1)] as number;
    }
  }
  return [
    { kind: "text", title: "What it takes it for", text: lines.join("\n") },
    { kind: "pixels", title: "What it sees of it", width, height, bytes },
  ];
}

/** A picture of the size that a classifier takes: each place is the mean of the pixels that fall on it. */
function averaged(
  { width, height, bytes }: Extract<Given, { kind: "picture" }>,
  target: { readonly height: number; readonly width: number; readonly channels: number },
): Uint8Array {
  const result = new Uint8Array(target.height * target.width * target.channels);
  const span = (place: number, places: number, pixels: number): readonly [number, number] => {
    const from = Math.floor((place * pixels) / places);
    return [from, Math.max(from + 1, Math.floor(((place + 1) * pixels) / places))];
  };
  for (let y = 0; y < target.height; y++) {
    for (let x = 0; x < target.width; x++) {
      const [rows, columns] = [span(y, target.height, height), span(x, target.width, width)];
      const sums = [0, 0, 0];
      for (let row = rows[0]; row < rows[1]; row++) {
        for (let column = columns[0]; column < columns[1]; column++) {
          for (let of = 0; of < 3; of++) {
            sums[of] = (sums[of] as number) + (bytes[4 * (row * width + column) + of] as number);
          }
        }
      }
      const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
      const means = sums.map((sum) => sum / count);
      const grey = means.reduce((sum, mean) => sum + mean, 0) / 3;
      const at = (y * target.width + x) * target.channels;
      result.set(target.channels === 1 ? [grey] : means, at);
    }
  }
  return result;
}

async function goingOn(system: LanguageModelSystem, text: string): Promise<Figure> {
  const prompt = text.trim().slice(-system.description.target.context);
  let written = "";
  const options = { tokens: NEW_TOKENS, sampling: { temperature: 0.5 }, seed: 1 };
  for await (const piece of system.continue(prompt, options)) written += piece.text;
  return { kind: "text", title: "How it goes on", text: `${prompt}▸${written}` };
}

async function ahead(system: SeriesForecaster, table: Table): Promise<Figure> {
  const { context, outputs } = system.description.target;
  const numbers = table.columns.filter(({ kind }) => kind === "number" || kind === "integer");
  const targets = numbers.slice(0, outputs).map(({ name }) => name);
  const data: ForecastingData = forecasting(table, { targets });
  const [series] = data.series;
  const [forecast] = await system.predict(series ? [series] : []);
  if (!series || !forecast) throw new QuireError("the table holds no series.");
  const from = Math.max(0, series.times.length - 2 * context);
  return forecastFigure({
    ...{ title: "How it goes on", of: targets[0] ?? "value" },
    past: { times: series.times.slice(from), values: series.values.slice(from) },
    forecasts: { forecast },
  });
}

async function predicted(system: TabularPredictor, table: Table): Promise<Figure> {
  const said = await system.predict(table);
  const line = (row: number): string => {
    if (said.predict === "number") return String(said.values[row]);
    const { classes, probabilities } = said;
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    const best = own.indexOf(Math.max(...own));
    return `${classes[best]}  ${(100 * (own[best] as number)).toFixed(1)} %`;
  };
  const rows = Math.min(table.rows, MOST_ROWS);
  const lines = Array.from(
    { length: rows },
    (_, row) => `row ${String(row + 1).padStart(3)}  ${line(row)}`,
  );
  const rest = table.rows > rows ? [`and ${table.rows - rows} more`] : [];
  const { target } = system.description.encoding;
  const title = `What it predicts of ${"name" in target ? String(target.name) : "each row"}`;
  return { kind: "text", title, text: [...lines, ...rest].join("\n") };
}

async function alike(linker: Linker, table: Table): Promise<Figure> {
  const column = table.columns[0]?.name ?? "";
  // A list without a title: its first line is a name like the others.
  const all = [column, ...table.texts(column)].flatMap((name) => name ?? []);
  const isTitled = table.columns.length > 1;
  const names = all.slice(isTitled ? 1 : 0, MOST_NAMES);
  const { values, width } = await linker.embed(names.map((name) => [name]));
  const cosine = (a: number, b: number): number => {
    let total = 0;
    for (let i = 0; i < width; i++) {
      total += (values[a * width + i] as number) * (values[b * width + i] as number);
    }
    return total;
  };
  return {
    ...{ kind: "heat", title: "Which of them belong together" },
    ...{ rows: names, columns: names },
    values: names.map((_, a) => names.map((__, b) => cosine(a, b))),
  };
}
