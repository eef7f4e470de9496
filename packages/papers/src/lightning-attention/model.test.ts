import { readFileSync } from "node:fs";
import { countParameters, initialize, Llama } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
} from "@quire/tensor";
import { adamW, crossEntropy, Generator } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { build, type TransNormerOptions } from "./model.ts";
import { paper } from "./paper.ts";

const references = JSON.parse(
  readFileSync(new URL("../../references/lightning-attention.json", import.meta.url), "utf8"),
) as { readonly counts: { readonly nano: number } };

const tiny: TransNormerOptions = { width: 16, depth: 2, heads: 2, feedForward: 24 };
const target = { vocabulary: 11, context: 150 };

function tokens(rows: number, length: number, seed = 1): HostTensor<"int32"> {
  const random = new Random(seed);
  const ids = Int32Array.from({ length: rows * length }, () => Math.floor(11 * random.uniform()));
  return hostTensor(ids, [rows, length], "int32");
}

/** The largest difference, relative to the largest value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const [values, other] = [wanted.toArray(), got.toArray()];
  const scale = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - (other[i] as number)))) / scale;
}

describe("presets", () => {
  const counted = Object.entries(paper.presets).filter(([, { parameters }]) => parameters);

  test.each(counted)("%s has the published parameters", (_, preset) => {
    expect(countParameters(build(preset.options, preset.target))).toBe(preset.parameters);
  });

  test("the official code counts nano as we do", () => {
    expect(paper.presets["nano"]?.parameters).toBe(references.counts.nano);
  });

  const released = ["385m", "1b", "7b", "15b"] as const;

  /** Parameters with one of the two matrices of tokens, as the official readme counts. */
  const withOneMatrix = (name: string): number => {
    const { parameters = 0, options, target: size } = presetOf(name);
    return parameters - size.vocabulary * options.width;
  };

  test.each(released)("%s is what the first author's rule counts, and the angles", (name) => {
    const { options, target: size } = presetOf(name);
    const { width, depth } = options;
    const hidden = 256 * Math.ceil(Math.floor((8 * width) / 3) / 256);
    expect(options.feedForward).toBe(hidden);
    const matrices = size.vocabulary * width + (5 * width ** 2 + 3 * width * hidden) * depth;
    expect(withOneMatrix(name) - matrices).toBe(width);
    // He gives the number for 385M.
    if (name === "385m") expect((matrices / 2 ** 20).toFixed(1)).toBe("380.5");
  });

  test("released models have the published billions, but for what the deviations say", () => {
    const billions = (name: string): number => withOneMatrix(name) / 1e9;
    expect(billions("1b").toFixed(1)).toBe("1.0");
    expect(billions("7b").toFixed(1)).toBe("6.8");
    expect((100 * (billions("385m") / 0.385 - 1)).toFixed(1)).toBe("3.6");
    expect((100 * (billions("15b") / 14.83 - 1)).toFixed(1)).toBe("0.7");
    const said = paper.deviations.map(({ to }) => to).join(" ");
    expect(said).toContain("385M is 3.6 % and 15B 0.7 % above");
    expect(said).toContain(
      `${released
        .map((name) => billions(name).toFixed(3))
        .join(", ")
        .replace(/, (?=[^,]+$)/, " and ")} billion`,
    );
  });
});

function presetOf(name: string) {
  const preset = paper.presets[name];
  if (!preset) throw new Error(`there is no preset ${name}.`);
  return preset;
}

describe("the system", () => {
  test("parameter paths", () => {
    const paths = build({ ...tiny, depth: 1 }, target).namedParameters();
    expect(paths.map(([path]) => path)).toEqual([
      "tokens.weight",
      "blocks.0.attention.query.weight",
      "blocks.0.attention.key.weight",
      "blocks.0.attention.value.weight",
      "blocks.0.attention.positions.theta",
      "blocks.0.attention.gate.0.weight",
      "blocks.0.attention.output.weight",
      "blocks.0.feedForward.expand.weight",
      "blocks.0.feedForward.gate.weight",
      "blocks.0.feedForward.contract.weight",
      "head.weight",
    ]);
  });

  test("blocks, tables and recurrence give the same logits and gradients, over several blocks", async () => {
    const model = build({ ...tiny, attention: { block: 16 } }, target);
    initialize(model, 1);
    const [ids, next] = [tokens(2, 150), tokens(2, 150, 2)];
    const run = (form: "blocks" | "quadratic" | "recurrent") =>
      compile((x: Tensor, y: Tensor) => {
        const logits = model.forward(x, { training: false }, { form });
        return [logits, ...gradients(crossEntropy(logits, y), model.parameters())];
      })(ids, next);
    const wanted = await run("quadratic");
    for (const form of ["blocks", "recurrent"] as const) {
      for (const [i, value] of (await run(form)).entries()) {
        expect(difference(value, wanted[i] as HostTensor)).toBeLessThan(1e-5);
      }
    }
  });

  test("a token sees only those before it", async () => {
    const model = build(tiny, target);
    initialize(model, 2);
    const run = compile((x: Tensor) => model.forward(x));
    const first = tokens(1, 9);
    const changed = hostTensor(first.data.slice(), [1, 9], "int32");
    changed.data[6] = (Number(changed.data[6]) + 1) % 11;
    const [before, after] = [await run(first), await run(changed)];
    expect(after.toArray().slice(0, 66)).toEqual(before.toArray().slice(0, 66));
    expect(after.toArray().slice(66)).not.toEqual(before.toArray().slice(66));
  });

  test.each([
    ["as it is", {}],
    ["turned everywhere", { lrpe: { blocks: "all", form: "rotation" } }],
    [
      "with its other parts",
      {
        attention: { gate: "low-rank", valueActivation: "silu", activation: "1+elu", hidden: 24 },
        layers: { bias: true, norm: "layer" },
        embedding: { tied: true, scaled: false },
      },
    ],
    ["without gate and positions", { attention: { gate: "none" }, lrpe: { blocks: "none" } }],
  ] as const)("%s, it writes the same with its sums and without", async (_, options) => {
    const model = build({ ...tiny, ...options }, target);
    initialize(model, 3);
    const generator = new Generator(model);
    const forward = compile((x: Tensor) => model.forward(x));
    const text = [1, 2, 3];
    for (let i = 0; i < 12; i++) {
      const logits = await forward(hostTensor(text, [1, text.length], "int32"));
      const last = logits.toArray().slice(-11);
      text.push(last.indexOf(Math.max(...last)));
    }
    const [together] = await generator.generate([[1, 2, 3], [4]], { tokens: 12 });
    expect(together?.tokens).toEqual(text.slice(3));
    await generator.release();
  });

  test("one batch is learnt by heart", async () => {
    const model = build(tiny, target);
    initialize(model, 1);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
    const [ids, next] = [tokens(4, 20), tokens(4, 20, 5)];
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x, { training: true }), y);
      optimizer.minimize(loss);
      return { loss };
    });
    const first = (await step(ids, next)).loss.item();
    let last = first;
    for (let i = 0; i < 150; i++) last = (await step(ids, next)).loss.item();
    expect(first).toBeGreaterThan(2);
    expect(last).toBeLessThan(0.1);
  });

  test("written as a file it takes texts of any number and length, and gives the same", async () => {
    const model = build(tiny, target);
    initialize(model, 1);
    const { model: bytes } = await exportOnnx((ids: Tensor) => model.ofAnyLength(ids), {
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      outputs: ["logits"],
    });
    const session = await InferenceSession.create(bytes);
    const run = compile((ids: Tensor) => model.forward(ids));
    for (const [rows, length] of [
      [1, 3],
      [2, 100],
    ] as const) {
      const ids = tokens(rows, length);
      const results = await session.run({ ids: new OrtTensor("int32", ids.data, ids.shape) });
      const logits = results["logits"] as OrtTensor;
      const got = hostTensor([...(logits.data as Float32Array)], logits.dims);
      expect(difference(got, await run(ids))).toBeLessThan(1e-5);
    }
    await session.release();
  });

  test("heads that do not divide the width are refused", () => {
    expect(() => build({ ...tiny, heads: 3 }, target)).toThrow(
      /^the width 16 does not divide into 3 heads; change one of them\.$/,
    );
  });
});

test("the baseline of the claims has the parameters of the system, within one in a hundred", () => {
  const { options } = paper.presets["small"] ?? { options: tiny };
  const own = countParameters(build(options, { vocabulary: 1024, context: 128 }));
  const { width, depth, heads, feedForward } = options;
  const llama = new Llama({
    ...{ vocabulary: 1024, width, depth, heads },
    feedForward: feedForward + Math.round(width / 3),
  });
  expect(Math.abs(countParameters(llama) / own - 1)).toBeLessThan(0.01);
});
