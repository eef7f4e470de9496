import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { captionWords } from "../icons/captioned.ts";
import { gridIcon } from "../icons/grid-icon.ts";
import { IconCoding } from "../icons/icon-coding.ts";
import { iconSvg } from "../icons/icon-svg.ts";
import { mdiIcons, mdiSvg, readIconSet } from "./read-icon-set.ts";
import { svgPixels } from "./svg-pixels.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-icons-"));
const svg = (inside: string, attributes = ""): string =>
  `<svg viewBox="0 0 24 24" ${attributes}>${inside}</svg>`;
const filled = svg('<path d="M2 2h9v9z"/>');
const lines = svg('<path d="M2 2h9"/>', 'fill="none" stroke="#000"');

function put(files: Readonly<Record<string, string>>): string {
  const place = mkdtempSync(join(folder, "set-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  return place;
}

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test("file names are captions", async () => {
  const set = await readIconSet(put({ "arrow-left.svg": filled, "deep/BigStar_2.svg": filled }));
  expect(set.icons.map(({ captions }) => captions)).toEqual([
    [["arrow", "left"]],
    [["big", "star", "2"]],
  ]);
  expect(set.describe()).toBe("2 icons, filled, with 5 words in their captions");
});

test.each([
  ["meta.json", [{ name: "home", aliases: ["house"], tags: ["Home Automation"] }]],
  ["icons.json", { home: { tags: ["house", "Home Automation"], category: "x" } }],
  ["tags.json", { home: ["house", "Home Automation"] }],
])("a package's %s says what icons are called besides", async (name, content) => {
  const files = {
    [name]: JSON.stringify(content),
    "icons/home.svg": filled,
    "icons/up.svg": filled,
  };
  const { icons } = await readIconSet(put({ ...files, "other/x.svg": "no icon" }));
  expect(icons.map(({ captions }) => captions)).toEqual([
    [["home"], ["house"], ["home", "automation"]],
    [["up"]],
  ]);
});

test("of filled icons and lines the more frequent ones are kept", async () => {
  const files = { "a.svg": filled, "b.svg": lines, "c.svg": lines };
  const set = await readIconSet(put(files));
  expect([set.size, set.isStroked, set.leftOut]).toEqual([2, true, 1]);
  expect(set.icons[0]?.icon.stroke).toBe(1);
});

test("what cannot be read is refused", async () => {
  const empty = put({ "a.txt": "" });
  await expect(readIconSet(empty)).rejects.toThrow(
    new DataError(`folder "${empty}" holds no SVG file: add some.`),
  );
  const damaged = put({ "tags.json": "{", "a.svg": filled });
  await expect(readIconSet(damaged)).rejects.toThrow(
    new DataError(`"${join(damaged, "tags.json")}" is no JSON: correct it, or delete it.`),
  );
  await expect(svgPixels("<svg", 8)).rejects.toThrow(
    new DataError("an SVG cannot be rendered: check that it is whole."),
  );
});

test("words of names", () => {
  expect(captionWords("ArrowLeft_2 Épée-C++")).toEqual(["arrow", "left", "2", "épée", "c++"]);
});

test("rendering says how much of each pixel is covered", async () => {
  const half = await svgPixels(svg('<path d="M0 0h12v24h-12z"/>'), 4);
  expect(Array.from(half.subarray(0, 4), (value) => Math.round(value / 255))).toEqual([1, 1, 0, 0]);
});

test("every icon of @mdi/svg comes back from its tokens, and looks as it did", async () => {
  const { icons } = await mdiIcons();
  expect(icons.length).toBe(7447);
  const coding = new IconCoding({ grid: 200, scheme: "point" });
  for (const [place, { icon }] of icons.entries()) {
    const own = gridIcon(icon, 200);
    const back = coding.read(coding.encode(own));
    if (back.problem !== undefined) throw new Error(`${icon.name}: ${back.problem}`);
    if (place % 500 > 0) continue;
    expect(back.icon).toEqual(own);
    const [wanted, got] = [
      await svgPixels(await mdiSvg(icon.name), 96),
      await svgPixels(iconSvg(back.icon), 96),
    ];
    const difference = wanted.reduce(
      (sum, value, i) => sum + Math.abs(value - (got[i] as number)),
      0,
    );
    expect(difference / 255 / wanted.length).toBeLessThan(0.012);
  }
}, 30_000);
