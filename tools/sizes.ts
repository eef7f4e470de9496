import type { Checker, Finding, House, Source } from "./finding.ts";
import { type Measured, measureFunctions } from "./functions.ts";
import { isTest, isTypeScript, packageOf } from "./house.ts";
import { options } from "./options.ts";
import { type Module, parse } from "./syntax.ts";

/** The house numbers; a change of one needs a decision note. */
export const limits = {
  fileCap: 400,
  fileMedian: 120,
  functionCap: 60,
  functionMedian: 10,
  options: 8,
} as const;

/** Checks the sizes of files, functions and option objects. */
export const sizes: Checker = {
  name: "sizes",
  run: (house) => {
    const modules = house.sources.filter(isMeasured).map(parse);
    const functions = modules.flatMap(measureFunctions);
    return [
      ...modules.flatMap(fileCap),
      ...functions.flatMap(functionCap),
      ...medians(modules, functions),
      ...options(modules, limits.options),
    ];
  },
};

function isMeasured({ path }: Source): boolean {
  return isTypeScript(path) && (packageOf(path) !== undefined || path.startsWith("tools/"));
}

function fileCap(module: Module): Finding[] {
  const lines = length(module);
  if (lines <= limits.fileCap) return [];
  const what = `the file has ${lines} lines, more than ${limits.fileCap}`;
  return [{ file: module.path, line: 1, what, advice: "split it where its subject changes" }];
}

/** Lines of a file; notes are not counted in papers, where they are wanted. */
function length(module: Module): number {
  const lines = module.text.replace(/\n$/, "").split("\n");
  if (packageOf(module.path) !== "papers") return lines.length;
  const notes = new Set<number>();
  for (const { start, end } of module.comments) {
    const first = module.lineOf(start);
    const alone = lines[first - 1]?.trimStart().startsWith("/") === true;
    for (let line = alone ? first : first + 1; line <= module.lineOf(end); line += 1) {
      notes.add(line);
    }
  }
  return lines.length - notes.size;
}

function functionCap(measured: Measured): Finding[] {
  const { file, line, name, lines } = measured;
  if (lines <= limits.functionCap || (name === undefined && isTest(file))) return [];
  const what = `${name ?? "an anonymous function"} has ${lines} lines, more than ${limits.functionCap}`;
  return [{ file, line, what, advice: "give a part of it a name of its own" }];
}

function medians(modules: readonly Module[], functions: readonly Measured[]): Finding[] {
  const files = median(modules.filter(({ path }) => !isTest(path)).map(length));
  const named = functions.filter(({ file, name }) => !isTest(file) && name !== undefined);
  const body = median(named.map(({ lines }) => lines));
  return [
    ...overMedian("files", files, limits.fileMedian),
    ...overMedian("functions", body, limits.functionMedian),
  ];
}

function overMedian(subject: string, value: number, limit: number): Finding[] {
  if (value <= limit) return [];
  const what = `the median of all ${subject} is ${value} lines, more than ${limit}`;
  return [{ file: "packages", line: 1, what, advice: "split the longest ones first" }];
}

/** The middle value, the mean of the two middle ones for an even count, 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Says how far a house is from its limits, in one line. */
export function describeSizes(house: House): string {
  const modules = house.sources
    .filter((source) => isMeasured(source) && !isTest(source.path))
    .map(parse);
  const named = modules.flatMap(measureFunctions).filter(({ name }) => name !== undefined);
  const files = modules.map(length);
  const bodies = named.map(({ lines }) => lines);
  return (
    `${files.length} files, median ${median(files)}, longest ${Math.max(0, ...files)} lines; ` +
    `${bodies.length} functions, median ${median(bodies)}, longest ${Math.max(0, ...bodies)}`
  );
}
