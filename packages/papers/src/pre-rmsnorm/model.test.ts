import { countParameters } from "@quire/nn";
import { compile, exportOnnx, gradients, hostTensor, mul, sum, type Tensor } from "@quire/tensor";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { NormConversion } from "./folding.ts";
import { build, type PreNormTarget } from "./model.ts";
import { paper } from "./paper.ts";
import { shake } from "./shaken.ts";
import { drawn } from "./subjects.ts";

const target: PreNormTarget = { size: 8, channels: 1, patch: 4, classes: 3 };
const options = { shape: "vit", width: 12, depth: 2, heads: 2 } as const;
const forms = ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"] as const;

const published = Object.entries(paper.presets).filter(([, preset]) => preset.parameters);

test.each(published)("%s has the published count of parameters", (_, preset) => {
  const counted = countParameters(build(preset.options, preset.target));
  // GPT-3's table rounds; the others are exact.
  const allowed = preset.options.shape === "gpt" ? 0.025 : 0;
  expect(Math.abs(counted / (preset.parameters as number) - 1)).toBeLessThanOrEqual(allowed);
});

test("three forms of one model give the same scores", async () => {
  const x = drawn(target, 5, 3);
  const [plain, ...others] = await Promise.all(
    forms.map(async (form) => {
      const model = build({ ...options, form }, target);
      await shake(model, 2);
      return (await compile((images: Tensor) => model.forward(images))(x)).toArray();
    }),
  );
  for (const scores of others) {
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(plain?.[i] as number, 6);
  }
});

test("the sum that runs through the model is at a mean of zero", async () => {
  const model = build({ ...options, form: "pre-rmsnorm" }, target);
  await shake(model, 2);
  const slopes = compile((images: Tensor) => {
    const scores = model.forward(images);
    const weights = model.parameters().filter(({ name }) => name.endsWith("classToken"));
    return gradients(sum(mul(scores, scores)), weights)[0] as Tensor;
  });
  const slope = (await slopes(drawn(target, 5, 3))).toArray();
  // What is the same for all entries has no effect, so its gradient has no mean.
  expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(0.01);
  expect(Math.abs(slope.reduce((total, one) => total + one, 0))).toBeLessThan(1e-4);
});

test.each(forms.slice(1))(
  "a file with the norms of %s gives the same numbers elsewhere",
  async (to) => {
    const model = build(options, target);
    await shake(model, 2);
    const { model: bytes } = await exportOnnx((x: Tensor) => ({ scores: model.forward(x) }), {
      inputs: { x: { shape: ["batch", 1, 8, 8] } },
      transform: new NormConversion(to),
    });
    const x = drawn(target, 6, 4);
    const expected = (await compile((images: Tensor) => model.forward(images))(x)).toArray();
    const session = await InferenceSession.create(bytes);
    const { scores } = await session.run({
      x: new OrtTensor("float32", x.data as Float32Array, x.shape),
    });
    await session.release();
    for (const [i, score] of Array.from(scores?.data as Float32Array).entries()) {
      expect(score).toBeCloseTo(expected[i] as number, 5);
    }
  },
);

test("a gradient through recentred weights agrees with finite differences", async () => {
  const model = build({ ...options, form: "pre-crmsnorm" }, target);
  await shake(model, 3);
  const x = drawn(target, 7, 2);
  const names = ["network.classToken", "network.encoder.blocks.0.attention.output.weight"];
  const state = model.namedParameters().filter(([path]) => names.includes(path));
  expect(state.map(([path]) => path)).toEqual(names);
  const loss = (images: Tensor): Tensor => sum(mul(model.forward(images), model.forward(images)));
  const value = compile(loss);
  const slopes = await compile((images: Tensor) => {
    return gradients(
      loss(images),
      state.map(([, variable]) => variable),
    ) as Tensor[];
  })(x);
  for (const [i, [, variable]] of state.entries()) {
    const start = await variable.get();
    const at = async (step: number): Promise<number> => {
      const moved = start.toArray().with(3, (start.toArray()[3] as number) + step);
      await variable.set(hostTensor(moved, start.shape));
      return (await value(x)).item();
    };
    const step = 1e-2;
    const slope = ((await at(step)) - (await at(-step))) / (2 * step);
    await at(0);
    const found = slopes[i]?.toArray()[3] as number;
    expect(Math.abs(found - slope)).toBeLessThan(0.02 * Math.max(0.05, Math.abs(slope)));
  }
});
