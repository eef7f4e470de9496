/**
 * How time and memory of a recurrence grow with the length: the mLSTM in chunks, step by step, and over all pairs, and
 * softmax attention, interleaved round by round, forward alone and with all gradients.
 */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine } from "../step/report.ts";
import { type Spread, spread } from "../step/statistics.ts";
import { bytesOf, forms, heads, type Runner, rows, runnerOf, type Work, width } from "./forms.ts";

const lengths = [256, 512, 1024, 2048, 4096, 8192, 16_384];
const rounds = 5;
/** A form that needs more than this is left out. */
const mostBytes = 3e9;
/** Exponents are fitted from this length on: below, what a call costs by itself weighs. */
const fittedFrom = 1024;

interface Cell {
  readonly length: number;
  readonly milliseconds: Spread;
  /** The most that is alive at once, by the graph. */
  readonly megabytes: number;
}

interface Line {
  readonly form: string;
  readonly work: Work;
  readonly cells: Cell[];
  readonly leftOut: string[];
}

/** A form at the length that is being measured. */
interface Running {
  readonly line: Line;
  readonly runner: Runner;
  readonly times: number[];
  readonly megabytes: number;
}

/** The slope of a straight line through the logarithms. */
function exponent(points: readonly (readonly [x: number, y: number])[]): number | undefined {
  if (points.length < 3) return undefined;
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (at: 0 | 1): number => logs.reduce((all, log) => all + log[at], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const product = logs.reduce((all, [x, y]) => all + (x - mx) * (y - my), 0);
  return product / logs.reduce((all, [x]) => all + (x - mx) ** 2, 0);
}

async function measure(length: number, work: Work, lines: readonly Line[]): Promise<void> {
  const running: Running[] = [];
  for (const [i, form] of forms.entries()) {
    const line = lines[i] as Line;
    const bytes = bytesOf(form, length, work);
    if (bytes > mostBytes) {
      line.leftOut.push(`${length} needs ${(bytes / 1e9).toFixed(1)} GB`);
      continue;
    }
    const runner = runnerOf(form, length, work);
    await runner.run();
    running.push({ line, runner, times: [], megabytes: bytes / 1e6 });
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < running.length; turn++) {
      const { runner, times } = running[(turn + round) % running.length] as Running;
      const started = performance.now();
      await runner.run();
      times.push(performance.now() - started);
    }
  }
  for (const { line, runner, times, megabytes } of running) {
    await runner.release();
    line.cells.push({ length, milliseconds: spread(times), megabytes });
  }
}

function report({ form, cells, leftOut }: Line): string {
  const fitted = cells.filter(({ length }) => length >= fittedFrom);
  const time = exponent(fitted.map(({ length, milliseconds }) => [length, milliseconds.median]));
  const memory = exponent(fitted.map(({ length, megabytes }) => [length, megabytes]));
  const shown = (value: number | undefined): string => value?.toFixed(2) ?? "-";
  const line = (texts: readonly string[]): string =>
    texts.map((text, at) => (at === 0 ? text.padEnd(10) : text.padStart(22))).join("");
  return [
    `\n${form}: time grows as length^${shown(time)}, memory as length^${shown(memory)}`,
    line(["length", "median ms", "quartiles", "MB alive at once"]),
    ...cells.map(({ length, milliseconds: { median, low, high }, megabytes }) =>
      line([
        String(length),
        median.toFixed(2),
        `${low.toFixed(2)} to ${high.toFixed(2)}`,
        megabytes.toFixed(1),
      ]),
    ),
    ...(leftOut.length > 0 ? [`left out: ${leftOut.join("; ")}`] : []),
  ].join("\n");
}

const about = machine();
console.log(`${about}\n${rows} row, ${heads} heads of width ${width}, ${rounds} rounds`);
const written: object[] = [];
for (const work of ["forward", "forward and backward"] as const) {
  const lines: Line[] = forms.map(({ name }) => ({ form: name, work, cells: [], leftOut: [] }));
  for (const length of lengths) await measure(length, work, lines);
  console.log(`\n== ${work}`);
  for (const line of lines) {
    console.log(report(line));
    const fitted = line.cells.filter(({ length }) => length >= fittedFrom);
    written.push({
      ...line,
      timeExponent: exponent(
        fitted.map(({ length, milliseconds }) => [length, milliseconds.median]),
      ),
      memoryExponent: exponent(fitted.map(({ length, megabytes }) => [length, megabytes])),
    });
  }
}
const results = join(dirname(fileURLToPath(import.meta.url)), "../../results/scan.json");
const size = { rows, heads, width, rounds };
await writeFile(results, `${JSON.stringify({ machine: about, size, lines: written }, null, 2)}\n`);
