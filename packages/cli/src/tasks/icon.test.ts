import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gridIcon, iconSvg, parseSvg, shapeIcons } from "@quire/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quire, type Said } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-icons-"));
const tiny = ["--width", "16", "--depth", "1", "--heads", "2", "--feed-forward", "32"];

/** Runs a command that goes well; what it prints as JSON. */
async function json(...words: readonly string[]): Promise<Record<string, unknown>> {
  const said: Said = await quire(...words, "--json", "--quiet");
  expect(said.end).toBe("0");
  return JSON.parse(said.out) as Record<string, unknown>;
}

interface Drawn {
  readonly sheet: string;
  readonly drawings: readonly {
    readonly caption: string;
    readonly file: string;
    readonly problem?: string;
  }[];
}

async function draw(...words: readonly string[]): Promise<Drawn> {
  return (await json("draw", "icons", ...words)) as unknown as Drawn;
}

beforeAll(async () => {
  process.chdir(folder);
  mkdirSync("made");
  for (const [i, { icon, captions }] of shapeIcons({ count: 40, seed: 1 }).entries()) {
    const name = `${(captions[0] ?? []).join("-")}`;
    mkdirSync(join("made", String(i)));
    writeFileSync(join("made", String(i), `${name}.svg`), iconSvg(gridIcon(icon, 16)));
  }
  const small = [...tiny, "--grid", "12", "--length", "96", "--epochs", "2", "--batch-size", "8"];
  const said = await quire("train", "iconshop", "--data", "made", "--name", "icons", ...small);
  expect(said.end).toBe("0");
  expect(said.out).toMatch(/\nNext: quire draw runs\/icons "\w+"\n$/);
}, 60_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("quire draw", () => {
  test("writes icons named by their caption, and a sheet; the same for a seed", async () => {
    const { sheet, drawings } = await draw("large star", "--count", "3", "--seed", "2");
    expect(drawings.map(({ file }) => file)).toEqual(
      [1, 2, 3].map((number) => join("drawings", `large-star-${number}.svg`)),
    );
    expect(drawings.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    const first = readFileSync(drawings[0]?.file as string, "utf8");
    expect(parseSvg(first, "a").viewBox).toEqual([0, 0, 11, 11]);
    expect(readFileSync(sheet, "utf8").match(/large star/g)?.length).toBe(3);
    await draw("large star", "--count", "3", "--seed", "2", "--out", "again");
    expect(readFileSync(join("again", "large-star-1.svg"), "utf8")).toBe(first);
  });

  test("free of the grammar it says what is wrong", async () => {
    const { drawings } = await draw("ring", "--free", "--top-p", "1", "--out", "free");
    expect(drawings.some(({ problem }) => problem !== undefined)).toBe(true);
  });

  test("goes on with a drawing, draws outlines anew, combines captions and goes between them", async () => {
    const [path] = ["M1 1L9 1L9 9L1 9L1 1", "M3 3L5 3L5 5L3 3"];
    writeFileSync(
      "two.svg",
      `<svg viewBox="0 0 11 11"><path d="${path}"/><path d="M3 3L5 3L5 5L3 3"/></svg>`,
    );
    const of = (file: string): string => readFileSync(file, "utf8");
    const begun = await draw("star", "--start", "two.svg", "--count", "1", "--out", "begun");
    expect(of(begun.drawings[0]?.file as string)).toContain(`d="${path}`);
    const edited = ["--edit", "two.svg", "--replace", "2", "--count", "1", "--out", "edited"];
    expect(of((await draw("star", ...edited)).drawings[0]?.file as string)).toContain(`d="${path}`);
    const combined = await draw("star", "--with", "left", "--count", "1", "--out", "combined");
    expect(combined.drawings[0]?.caption).toBe("star left");
    const between = await draw("star", "--to", "disc", "--count", "3", "--out", "between");
    expect(between.drawings.map(({ caption }) => caption)).toEqual(["star", "", "disc"]);
  });

  test.each([
    [["sttar"], '"sttar" is no word of the captions that the model learnt; did you mean "star"?'],
    [
      ["star", "--to", "disc", "--start", "two.svg"],
      "--to and --start are different ways to draw: give one of them.",
    ],
    [
      ["star", "--edit", "two.svg"],
      "--edit FILE and --replace FIRST-LAST belong together: say what is drawn anew of which file.",
    ],
    [
      ["star", "--edit", "two.svg", "--replace", "2-3"],
      '--replace takes outlines from 1 to 2, such as 1 or 1-2, got "2-3".',
    ],
    [["star", "--start", "none.svg"], '"none.svg" cannot be read: give an SVG file.'],
  ])("%j is refused", async (words, text) => {
    expect((await quire("draw", "icons", ...words)).end).toBe(`2: ${text}`);
  });
});

test("many captions are drawn, and icons are measured", async () => {
  writeFileSync("captions.txt", "large star\nsmall ring left\n");
  const predicted = (await json("predict", "icons", "--data", "captions.txt")) as unknown as Drawn;
  expect(predicted.drawings.map(({ caption }) => caption)).toEqual([
    "large star",
    "small ring left",
  ]);
  writeFileSync("none.txt", "\n");
  expect((await quire("predict", "icons", "--data", "none.txt")).end).toBe(
    '2: "none.txt" is empty: give captions, one a line.',
  );
  const { count, metrics } = (await json("evaluate", "icons", "--data", "made")) as {
    readonly count: number;
    readonly metrics: readonly { readonly name: string }[];
  };
  expect(count).toBe(40);
  expect(metrics.map(({ name }) => name)).toEqual(["validationLoss", "iconLoss"]);
});

test("the report shows drawings beside icons, and the run can be exported", async () => {
  const report = readFileSync(join("runs", "icons", "report.html"), "utf8");
  expect(report).toContain("Drawn after captions of icons it has not seen");
  expect(report).toContain("data:image/svg+xml;base64,");
  expect((await quire("export", "icons", "--quiet")).end).toBe("0");
  expect(existsSync(join("runs", "icons", "model.onnx"))).toBe(true);
});
