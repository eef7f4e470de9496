import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Ended, runBuilt } from "../testing/built.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
let folder = "";

/** Runs the built command in the test's folder. */
const run = (...words: readonly string[]): Promise<Ended> => runBuilt(folder, words);

/** Two shops by the day, with holidays that are known four days ahead. */
function sales(count: number, ahead: number): string {
  const lines = Array.from({ length: count + ahead }, (_, i) => {
    const day = new Date(Date.UTC(2024, 0, 1) + i * 86_400_000).toISOString().slice(0, 10);
    const holiday = i % 9 === 0 ? 1 : 0;
    const value = (shop: number): string =>
      i < count ? String(100 * shop + 10 * (i % 7) + 5 * holiday) : "";
    return [1, 2].map((shop) => `${day},shop ${shop},${value(shop)},${holiday}`).join("\n");
  });
  return `day,shop,sales,holiday\n${lines.join("\n")}\n`;
}

beforeAll(() => {
  spawnSync("node", [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), "quire-forecasting-"));
  writeFileSync(join(folder, "sales.csv"), sales(120, 0));
  writeFileSync(join(folder, "ahead.csv"), sales(120, 4));
  writeFileSync(
    join(folder, "weekly.csv"),
    "day,sales\n2024-01-01,1\n2024-01-08,2\n2024-01-15,3\n",
  );
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const words = [
  "--data",
  "sales.csv",
  "--target",
  "sales",
  "--series",
  "shop",
  "--known",
  "holiday",
];
const tiny = ["--epochs", "1", "--width", "8", "--heads", "2", "--hidden", "8", "--quiet"];

it("trains on several series, forecasts past their ends, and measures", async () => {
  const trained = await run("train", "informer", ...words, "--horizon", "4", ...tiny, "--json");
  expect(trained.err).toBe("");
  expect(JSON.parse(trained.out)).toMatchObject({ run: join("runs", "informer-1"), epochs: 1 });
  const said = await run("predict", "informer-1", "--data", "ahead.csv", "--out", "next.csv");
  expect(said.err).toBe("");
  const lines = readFileSync(join(folder, "next.csv"), "utf8").trimEnd().split("\n");
  expect(lines[0]).toBe("day,series,sales");
  expect(lines.slice(1).map((line) => line.split(",").slice(0, 2).join())).toEqual(
    ["shop 1", "shop 2"].flatMap((shop) =>
      ["2024-04-30", "2024-05-01", "2024-05-02", "2024-05-03"].map((day) => `${day},${shop}`),
    ),
  );
  const plot = readFileSync(join(folder, "next.html"), "utf8");
  expect(plot).toContain("shop 1: sales");
  expect(plot).not.toContain("truth");
  const back = await run("predict", "informer-1", "--data", "sales.csv", "--hold-back");
  expect(back.err).toBe("");
  const run1 = join(folder, "runs", "informer-1");
  expect(readFileSync(join(run1, "forecast.html"), "utf8")).toContain("truth");
  expect(readFileSync(join(run1, "forecast.csv"), "utf8")).toContain("\n2024-04-26,shop 1,");
  expect(existsSync(join(run1, "model.onnx"))).toBe(true);
  const measured = await run("evaluate", "informer-1", "--data", "sales.csv", "--json");
  const { metrics, what, count } = JSON.parse(measured.out) as {
    readonly metrics: readonly { readonly name: string; readonly value: number }[];
    readonly what: string;
    readonly count: number;
  };
  // Two series of 120 steps, a context of 16 and a horizon of 4.
  expect([count, what]).toEqual([202, "windows"]);
  expect(metrics.map(({ name }) => name)).toEqual([
    ...["mse", "mae", "naiveMse", "naiveMae"],
    ...["mae of sales, in units", "naive mae of sales, in units"],
  ]);
  expect(metrics.every(({ value }) => value > 0)).toBe(true);
}, 60_000);

const mistakes: readonly (readonly [message: string, ...words: string[]])[] = [
  ["train needs --horizon N: steps that are forecast.", "train", "informer", ...words],
  [
    'sales.csv has no column "sale"; did you mean "sales"?',
    ...["train", "informer", "--data", "sales.csv", "--target", "sale", "--horizon", "4"],
  ],
  [
    'sales.csv, line 3, column "day": 2024-01-01 stands in line 2 already: keep one row a time, or name the column that tells series apart.',
    ...["train", "informer", "--data", "sales.csv", "--horizon", "4"],
  ],
  [
    "The longest series has 120 steps, which leaves no training window of a context of 24 and a horizon of 200: give more rows, or less context or horizon.",
    ...["train", "informer", ...words, "--horizon", "200"],
  ],
  [
    'Series "shop 1" goes on for 0 rows of holiday alone, and a forecast needs 4: add rows with times and these columns, the targets left empty.',
    ...["predict", "informer-1", "--data", "sales.csv"],
  ],
  [
    'weekly.csv has no column "holiday"; there are "day", "sales".',
    ...["predict", "informer-1", "--data", "weekly.csv"],
  ],
];

it.each(mistakes)("%s", async (message, ...given) => {
  const { exit, err } = await run(...given, "--quiet");
  expect(err.trim()).toBe(message);
  expect(exit).toBeGreaterThan(0);
});
