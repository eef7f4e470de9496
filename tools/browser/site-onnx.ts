import { ok, strictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { contentOf } from "./site-dropped.ts";

/** How far the file's numbers may lie from the page's, as a share of the largest of them. */
const NEAR = 1e-4;

/** A tensor as the page writes it. */
interface ToldTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Inputs and what the page made of them. */
interface ToldExample {
  readonly inputs: Readonly<Record<string, ToldTensor>>;
  readonly outputs: Readonly<Record<string, ToldTensor>>;
}

/** Presses a button, and takes the file that comes of it, or the one of several that ends so. */
export async function downloaded(page: Page, button: string, ending: string): Promise<Buffer> {
  const coming = page.waitForEvent("download", {
    predicate: (download) => download.suggestedFilename().endsWith(ending),
    timeout: 120_000,
  });
  await page.getByRole("button", { name: button }).click();
  return readFileSync(await (await coming).path());
}

/** Downloads the model and the page's own numbers, and compares with what ONNX Runtime in Node makes of the file. */
export async function checkOnnx(page: Page): Promise<InferenceSession> {
  const session = await InferenceSession.create(
    await downloaded(page, "Download as ONNX", ".onnx"),
  );
  const text = await downloaded(page, "With example numbers", "-example.json");
  const { inputs, outputs } = JSON.parse(text.toString()) as ToldExample;
  const feeds = Object.entries(inputs).map(([name, told]) => [name, tensorOf(told)] as const);
  const found = await session.run(Object.fromEntries(feeds));
  strictEqual(Object.keys(found).sort().join(), Object.keys(outputs).sort().join());
  for (const [name, { shape, values }] of Object.entries(outputs)) {
    const own = found[name] as Tensor;
    strictEqual(own.dims.join(), shape.join(), `shape of ${name}`);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    ok(largest > 0, `${name} is 0 all over`);
    for (const [i, value] of (own.data as Float32Array).entries()) {
      const apart = Math.abs(Number(value) - (values[i] as number));
      ok(apart <= NEAR * largest, `${name}[${i}] is ${value} in Node, ${values[i]} in the page`);
    }
  }
  return session;
}

function tensorOf({ dtype, shape, values }: ToldTensor): Tensor {
  switch (dtype) {
    case "float32":
      return new Tensor("float32", Float32Array.from(values), shape);
    case "int32":
      return new Tensor("int32", Int32Array.from(values), shape);
    case "int64":
      return new Tensor("int64", BigInt64Array.from(values, BigInt), shape);
    case "bool":
      return new Tensor("bool", Uint8Array.from(values), shape);
    default:
      throw new Error(`no test makes inputs of ${dtype}`);
  }
}

/** What the page says of a picture is what the file says of it, by Node's runtime, digit by digit. */
export async function checkSameAnswer(session: InferenceSession, answered: string): Promise<void> {
  const side = 24;
  const picture = sharp(await contentOf("picture.png")).removeAlpha();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const grey = new Float32Array(side * side);
  const span = (place: number, pixels: number): [number, number] => {
    const from = Math.floor((place * pixels) / side);
    return [from, Math.max(from + 1, Math.floor(((place + 1) * pixels) / side))];
  };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [rows, columns] = [span(y, info.height), span(x, info.width)];
      let sum = 0;
      let count = 0;
      for (let row = rows[0]; row < rows[1]; row++) {
        for (let column = columns[0]; column < columns[1]; column++) {
          const at = 3 * (row * info.width + column);
          sum += ((data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number)) / 3;
          count += 1;
        }
      }
      grey[y * side + x] = Math.floor(sum / count) / 255;
    }
  }
  const { probabilities } = await session.run({
    images: new Tensor("float32", grey, [1, 1, side, side]),
  });
  const said = [...answered.matchAll(/([\d.]+) %/g)].map(([, share]) => share);
  const found = [...((probabilities as Tensor).data as Float32Array)]
    .sort((a, b) => b - a)
    .map((share) => (100 * share).toFixed(1));
  strictEqual(said.join(), found.join());
}
