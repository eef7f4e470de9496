import { readFile } from "node:fs/promises";
import { endOf, type GridIcon, gridIcon, iconMarks, parseSvg } from "@quire/data";
import { type DrawnIcon, IconDrawer, type IconDrawOptions, knownWords } from "@quire/papers";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { flag, number, text, type Values, whole, withDefault } from "../option.ts";
import { openRun } from "../run-folder.ts";
import { type Drawing, writeDrawings } from "../tasks/icon-drawings.ts";

const options = {
  count: withDefault(whole("How many are drawn", { from: 1, to: 256 }), 8),
  out: withDefault(
    text("FOLDER", "Where the SVG files and the sheet of all are written"),
    "drawings",
  ),
  temperature: withDefault(
    number("Below 1 surer, above 1 wilder, 0 always the likeliest", { from: 0 }),
    1,
  ),
  topP: withDefault(
    number("Only the likeliest tokens that make up this share together", { above: 0, to: 1 }),
    0.5,
  ),
  with: text("CAPTION", "A second caption, whose words join the first one's: both are combined"),
  to: text("CAPTION", "A second caption; icons on the way from the first one to it are drawn"),
  start: text("FILE", "An SVG that is begun with: ways to go on with it are drawn"),
  edit: text("FILE", "An SVG of which the outlines of --replace are drawn anew"),
  replace: text("FIRST-LAST", "Which outlines of --edit are drawn anew, counted from 1"),
  free: flag("Draw without the rule that keeps icons well formed"),
};

type Given = Values<typeof options>;

/** Draws icons after a caption. */
export const drawCommand = command({
  name: "draw",
  computes: true,
  summary: "Draw icons after a caption, go on with a drawing, or draw parts of one anew",
  arguments: [
    { name: "RUN", summary: "The run's folder, or its name in runs" },
    { name: "CAPTION", summary: "What is to be seen, a few words", optional: true },
  ],
  options,
  examples: [
    'quire draw iconshop-1 "arrow left circle"',
    'quire draw iconshop-1 "bell" --with "off" --count 16 --top-p 0.9 --seed 3',
    'quire draw iconshop-1 "heart" --to "star" --count 7',
    'quire draw iconshop-1 "home" --start begun.svg',
    'quire draw iconshop-1 "folder star" --edit folder.svg --replace 2',
  ],
  run: async ([name = "", caption = ""], values, { console, interruptible }) => {
    const { folder, system } = await openRun(name);
    if (!(system instanceof IconDrawer)) {
      throw new UsageError(`run "${folder}" draws no icons: give a run of iconshop.`);
    }
    checkTogether(values);
    await checkWritable(values.out);
    const sampling = { temperature: values.temperature, topP: values.topP };
    const { count, seed } = values;
    const given = { count, seed, sampling, wellFormed: !values.free, signal: interruptible() };
    const words = knownWords(system.captions, [caption, values.with ?? ""].join(" "));
    const drawn = await drawings(system, words, values, given);
    const ends = new Map([
      [0, caption],
      [count - 1, values.to],
    ]);
    const title = (step: number): string =>
      values.to === undefined ? words.join(" ") : (ends.get(step) ?? "");
    const shown = drawn.map((each, i): Drawing => ({ caption: title(i), drawn: each }));
    await writeDrawings(values.out, shown, console);
    await system.release();
  },
});

/** Ways to draw of which a call has one. */
const ways = ["to", "start", "edit"] as const;

function checkTogether(values: Given): void {
  const given = ways.filter((way) => values[way] !== undefined);
  if (given.length > 1) {
    throw new UsageError(
      `--${given.join(" and --")} are different ways to draw: give one of them.`,
    );
  }
  if ((values.edit === undefined) !== (values.replace === undefined)) {
    throw new UsageError(
      "--edit FILE and --replace FIRST-LAST belong together: say what is drawn anew of which file.",
    );
  }
}

async function drawings(
  system: IconDrawer,
  words: readonly string[],
  values: Given,
  given: IconDrawOptions & { readonly count: number },
): Promise<readonly DrawnIcon[]> {
  const { count, ...rest } = given;
  if (values.to !== undefined) {
    return await system.between([words, knownWords(system.captions, values.to)], count, rest);
  }
  if (values.edit !== undefined) {
    const [before, after] = await partsOf(system, values.edit, values.replace ?? "");
    const cut = { caption: words, before, after };
    return await system.fill(
      Array.from({ length: count }, () => cut),
      rest,
    );
  }
  const begun = values.start === undefined ? [] : (await outlines(system, values.start)).flat();
  return await system.goOn(
    Array.from({ length: count }, () => ({ caption: words, begun })),
    rest,
  );
}

/** What stands before and after the outlines that are drawn anew, as tokens. */
async function partsOf(
  system: IconDrawer,
  path: string,
  range: string,
): Promise<readonly [number[], number[]]> {
  const all = await outlines(system, path);
  const [first = Number.NaN, last = first] = range.split("-").map(Number);
  const isRange = /^\d+(-\d+)?$/.test(range) && first >= 1 && first <= last && last <= all.length;
  if (!isRange) {
    throw new UsageError(
      `--replace takes outlines from 1 to ${all.length}, such as 1 or 1-${all.length}, got "${range}".`,
    );
  }
  return [all.slice(0, first - 1).flat(), [...all.slice(last).flat(), iconMarks.end]];
}

/** The tokens of each outline of an SVG file. */
async function outlines({ coding }: IconDrawer, path: string): Promise<number[][]> {
  const content = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UsageError(`"${path}" cannot be read: give an SVG file.`, { cause });
  });
  const { paths }: GridIcon = gridIcon(parseSvg(content, path), coding.grid);
  return paths.flatMap((loops) =>
    loops.map((loop, place) => {
      const before = loops[place - 1];
      return coding.encodeLoop(loop, before ? endOf(before) : loop.start);
    }),
  );
}
