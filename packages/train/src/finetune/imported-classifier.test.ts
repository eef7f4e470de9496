// B batch, C channels, H height, W width, K classes

import { readFileSync } from "node:fs";
import {
  compile,
  exportOnnx,
  type HostTensor,
  hostTensor,
  type ImportedModel,
  importOnnx,
  matmul,
  mean,
  QuireError,
  Random,
  reshape,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { ImportedClassifier, type ImportedClassifierOptions } from "./imported-classifier.ts";
import { pictureInput } from "./picture-input.ts";

/** Written by PyTorch: see references/digits.py. */
const digits = readFileSync(new URL("../../references/digits.onnx", import.meta.url));
const size = { height: 28, width: 28 };

type Options = Omit<ImportedClassifierOptions, "input" | "height" | "width">;

function classifier(options: Options, model = importOnnx(digits)): ImportedClassifier {
  return new ImportedClassifier(model, { input: pictureInput(model), ...size, ...options });
}

function pictures(...shape: number[]): HostTensor {
  const random = new Random(5);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
    random.normal(),
  );
  return hostTensor(values, shape);
}

const images = pictures(3, 1, 28, 28);

async function scores(layer: ImportedClassifier): Promise<HostTensor> {
  return await compile((x: Tensor) => layer.forward(x))(images);
}

function expectNear(got: HostTensor, wanted: HostTensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const other = wanted.toArray();
  for (const [i, value] of got.toArray().entries()) {
    expect(Math.abs(value - (other[i] as number))).toBeLessThan(1e-4);
  }
}

describe("a classifier that PyTorch wrote", () => {
  test("keeps its own head where it has as many classes, and gives its scores", async () => {
    const layer = classifier({ classes: 5 });
    expect(layer.head).toBeUndefined();
    const model = importOnnx(digits);
    const run = compile((pixels: Tensor) => model.forward({ pixels }));
    expectNear(await scores(layer), (await run(images))["scores"] as HostTensor);
  });

  test("gets a new head on what its own is given", async () => {
    const model = importOnnx(digits);
    const [weight, bias] = ["head.weight", "head.bias"].map((name) =>
      model.parameters.find((variable) => variable.name === name),
    ) as [Variable, Variable];
    const layer = classifier({ classes: 5, newHead: true }, model);
    expect(Object.values(layer.body)).not.toContain(weight);
    await layer.head?.weight.set(await weight.get());
    await layer.head?.bias?.set(await bias.get());
    expectNear(await scores(layer), await scores(classifier({ classes: 5 })));
    expect(classifier({ classes: 7 }).head?.weight.shape).toEqual([7, 32]);
  });

  test("gets a new head on a value inside of it, averaged over places", () => {
    const model = importOnnx(digits);
    const relu = model.values.find((name) => name.includes("Relu")) as string;
    const layer = classifier({ classes: 3, features: relu }, model);
    expect(layer.head?.weight.shape).toEqual([3, 16]);
    expect(layer.namedParameters().map(([path]) => path)).not.toContain("body.norm.weight");
  });

  test("trains its head alone once the rest is held", () => {
    const own = classifier({ classes: 5 });
    own.freezeBody();
    expect(own.namedParameters().map(([path]) => path)).toEqual([
      "body.head.weight",
      "body.head.bias",
    ]);
    const other = classifier({ classes: 2 });
    other.freezeBody();
    expect(other.namedParameters().map(([path]) => path)).toEqual(["head.weight", "head.bias"]);
  });
});

/** A model of ours as a file, on pictures or what is given for them. */
async function written(
  fn: (x: Tensor) => Tensor,
  shape: readonly (number | string)[],
  dtype: "float32" | "int32" = "float32",
): Promise<ImportedModel> {
  return importOnnx((await exportOnnx(fn, { inputs: { x: { shape, dtype } } })).model);
}

const weight = new Variable([3, 4], { name: "weight", initial: pictures(3, 4) });

describe("models of other forms", () => {
  test("take pictures whose channels come last", async () => {
    const model = await written(
      (x) => matmul(mean(x, { axes: [1, 2] }), weight),
      ["batch", 28, 28, 3],
    );
    const input = pictureInput(model);
    expect(input).toEqual({ name: "x", channels: 3, height: 28, width: 28, channelsLast: true });
    const layer = new ImportedClassifier(model, { input, ...size, classes: 4 });
    const given = pictures(2, 3, 28, 28);
    const wanted = compile((x: Tensor) =>
      matmul(mean(transpose(x, [0, 2, 3, 1]), { axes: [1, 2] }), weight),
    );
    const got = await compile((x: Tensor) => layer.forward(x))(given);
    expectNear(got, await wanted(given));
  });

  test("are refused when their input is no picture", async () => {
    const flat = await written((x) => matmul(x, weight), ["batch", 3]);
    expect(() => pictureInput(flat)).toThrow(
      new QuireError(
        `the model's input "x" is float32 [batch, 3], which are no pictures: those are float32 [batch, channels, height, width] of 1 or 3 channels.`,
      ),
    );
    expect(() => pictureInput(flat, "y")).toThrow(
      new QuireError(`the model has no input "y"; it has "x".`),
    );
    const two = (x: Tensor, y: Tensor): Tensor => matmul(x, y);
    const inputs = { a: { shape: [2, 3] }, b: { shape: [3, 2] } };
    const pair = importOnnx((await exportOnnx(two, { inputs })).model);
    expect(() => pictureInput(pair, "b")).toThrow(
      new QuireError(`the model takes 2 inputs ("a", "b"), a classifier of pictures takes one.`),
    );
  });

  test("are refused when their output is no score of every class", async () => {
    const shape = ["batch", 3, 28, 28];
    const places = await written((x) => mean(x, { axes: 1 }), shape);
    expect(() => classifier({ classes: 4 }, places)).toThrow(
      new QuireError(
        `the model's output "result" is [2, 28, 28] for 2 pictures, and a classifier gives [batch, classes]: ` +
          "name another output, or a value inside of the model as features.",
      ),
    );
    const unlearnt = await written((x) => mean(x, { axes: [2, 3] }), shape);
    expect(() => classifier({ classes: 4 }, unlearnt)).toThrow(
      new QuireError(
        `the model's output "result" does not come from one linear layer that a new head of 4 classes could ` +
          "take the place of: name a value inside of the model as features.",
      ),
    );
    expect(() => classifier({ classes: 3 }, unlearnt).freezeBody()).toThrow(
      new QuireError(
        "the model's own head has no weights of its own: train the whole model, or ask for a new head.",
      ),
    );
    const lost = await written((x) => reshape(x, [-1]), [2, 3, 28, 28]);
    expect(() => classifier({ classes: 4, features: "result" }, lost)).toThrow(
      new QuireError(
        `the model's value "result" is [4704] for 2 pictures, and a head stands on [batch, features], or on ` +
          "[batch, features, height, width].",
      ),
    );
  });
});
