import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDelimited } from "@quire/data";
import { Random } from "@quire/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, runBuilt } from "../testing/built.ts";
import { kindOption } from "./column-kinds.ts";
import { splitOption } from "./table-split.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const tiny = ["--epochs", "8", "--width", "16", "--depth", "1", "--heads", "2"];
const fast = [...tiny, "--learning-rate", "0.01", "--mix", "none", "--quiet"];

let folder = "";

/** Runs the built command in the test's folder. */
const run = (...words: readonly string[]): Promise<Ended> => runBuilt(folder, words);

/** Customers of whom some leave, as a rule with a little chance says. */
function customers(rows: number, seed: number, isKnown = true): string {
  const random = new Random(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const months = random.integer(72);
    const plan = ["basic", "gold", ""][random.integer(3)] as string;
    const leaves = months < 24 && plan !== "gold" && random.uniform() < 0.95;
    const bill = 20 + 0.5 * months + (plan === "gold" ? 30 : 0) + random.normal();
    const zip = `0${random.integer(9)}`;
    const known = isKnown ? [leaves ? "yes" : "no", bill.toFixed(2)] : [];
    return [`shop ${i % 12}`, months, plan, zip, ...known].join(",");
  });
  const names = ["shop", "months", "plan", "zip", ...(isKnown ? ["left", "bill"] : [])];
  return `${names.join(",")}\n${lines.join("\n")}\n`;
}

beforeAll(() => {
  spawnSync("node", [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), "quire-tables-"));
  writeFileSync(join(folder, "customers.csv"), customers(400, 1));
  writeFileSync(join(folder, "later.csv"), customers(100, 2));
  writeFileSync(join(folder, "new.csv"), customers(25, 3, false).replace("gold", "platinum"));
  writeFileSync(join(folder, "short.csv"), "shop,months\nshop 1,3\n");
  writeFileSync(join(folder, "holes.csv"), "months,left\n3,yes\n4,\n5,no\n");
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("train, predict and evaluate", () => {
  it("a class: predictions with probabilities as CSV, measured with intervals", async () => {
    const words = [
      "--data",
      "customers.csv",
      "--target",
      "left",
      "--features",
      "shop,months,plan,zip",
    ];
    const kinds = ["--kind", "zip=category", "--split", "group:shop"];
    const trained = await run("train", "excelformer", ...words, ...kinds, ...fast, "--json");
    expect(trained).toMatchObject({ exit: 0, err: "" });
    const { run: name, facts, metrics } = JSON.parse(trained.out);
    expect(name).toBe(join("runs", "excelformer-1"));
    expect(facts.target).toBe("left, one of 2 classes");
    expect(Object.keys(metrics)).toEqual(["trainingLoss", "logLoss", "accuracy", "auc"]);
    const predicted = await run(
      "predict",
      "excelformer-1",
      "--data",
      "new.csv",
      "--out",
      "out.csv",
    );
    expect(predicted).toMatchObject({ exit: 0, err: "" });
    expect(predicted.out).toMatch(/15 rows more; all are in out\.csv\n$/);
    const bytes = readFileSync(join(folder, "out.csv"));
    const written = parseDelimited(new Uint8Array(bytes), "out.csv");
    expect(written.columns.map((column) => column.name)).toEqual([
      ...["row", "left", "probability of no", "probability of yes"],
    ]);
    expect(written.rows).toBe(25);
    const [no, yes] = [written.numbers("probability of no"), written.numbers("probability of yes")];
    no.forEach((share, row) => {
      expect(share + (yes[row] as number)).toBeCloseTo(1, 5);
      expect(written.texts("left")[row]).toBe(share >= 0.5 ? "no" : "yes");
    });
    const measured = await run("evaluate", "excelformer-1", "--data", "later.csv", "--json");
    const { count, metrics: found } = JSON.parse(measured.out);
    expect(count).toBe(100);
    const [, accuracy, auc] = found;
    expect(accuracy.value).toBeGreaterThan(0.8);
    expect(auc.value).toBeGreaterThan(0.85);
    expect(auc.interval[0]).toBeLessThan(auc.value);
    expect(readFileSync(join(folder, name, "report.html"), "utf8")).toContain(
      "What features say of left",
    );
  }, 30_000);

  it("a number, in its own unit", async () => {
    const words = ["--data", "customers.csv", "--target", "bill", "--name", "bills"];
    const trained = await run("train", "excelformer", ...words, ...fast, "--json");
    expect(trained).toMatchObject({ exit: 0, err: "" });
    const measured = await run("evaluate", "bills", "--data", "later.csv", "--json");
    const [rmse, r2] = JSON.parse(measured.out).metrics;
    expect([rmse.name, r2.name]).toEqual(["rmse", "r2"]);
    expect(r2.value).toBeGreaterThan(0.7);
    const predicted = await run("predict", "bills", "--data", "later.csv", "--json");
    const bills = JSON.parse(predicted.out).predictions.map((each: { bill: number }) => each.bill);
    expect(bills.length).toBe(100);
    expect(Math.min(...bills)).toBeGreaterThan(5);
    expect(Math.max(...bills)).toBeLessThan(110);
  }, 30_000);
});

describe("what cannot be used is refused in one sentence", () => {
  const train = ["train", "excelformer", "--data"];
  it.each([
    [[...train, "customers.csv"], "train needs --target COLUMN: the column to predict."],
    [
      [...train, "customers.csv", "--target", "lef"],
      'customers.csv has no column "lef"; did you mean "left"?',
    ],
    [
      [...train, "holes.csv", "--target", "left"],
      'holes.csv, line 3, column "left": the value is missing: fill it in, or leave the row out.',
    ],
    [
      [...train, "customers.csv", "--target", "bill", "--split", "stratified"],
      '--split stratified keeps classes in proportion, and "bill" is a number: use random.',
    ],
    [
      ["predict", "bills", "--data", "short.csv"],
      'short.csv lacks the columns "plan", "zip", "left", which the model was trained on: add what is missing; its values ' +
        "may be left empty.",
    ],
  ])("%j", async (words, message) => {
    const { exit, out, err } = await run(...words);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toContain(message);
  });
});

it("options that are written wrongly are refused before anything is read", () => {
  expect(() => splitOption.read("halves", "--split")).toThrow(
    /^--split takes random, stratified, group:COLUMN or time:COLUMN, got "halves"\.$/,
  );
  expect(splitOption.read("time:sold at", "--split")).toEqual({ by: "time", column: "sold at" });
  expect(() => kindOption.read("zip=kategory", "--kind")).toThrow(
    /^--kind does not know the kind "kategory"; did you mean category\?$/,
  );
  expect(() => kindOption.read("zip", "--kind")).toThrow(/^--kind takes COLUMN=KIND, got "zip"\.$/);
  expect(kindOption.read("a=b=text\nzip=category", "--kind")).toEqual([
    ["a=b", "text"],
    ["zip", "category"],
  ]);
});
