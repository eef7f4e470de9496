/**
 * The TensorFlow.js peer: its WebAssembly backend, tuned by hand. That backend multiplies fast only
 * matrices of rank 2 that are not transposed, lacks the gradient of a gather, and sums slowly over
 * a first axis; so products transpose first, and sums over rows are products with ones.
 */
import type { GradSaveFunc, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import type { Batch, Trainer, Weight } from "./peer.ts";
import { serve } from "./peer.ts";
import type { Size } from "./size.ts";

const rate = 3e-4;
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

type Weights = (path: string) => Tensor;
type Gradients = (dy: Tensor, saved: Tensor[]) => Tensor[];
type Forward = (inputs: Tensor[], save: GradSaveFunc) => [value: Tensor, gradients: Gradients];

/** The gradients that the tape needs between the operations below; the core package has none. */
function registerGradients(): void {
  tf.registerGradient({
    kernelName: tf.Add,
    gradFunc: (dy) => ({ a: () => dy as Tensor, b: () => dy as Tensor }),
  });
  tf.registerGradient({
    kernelName: tf.Reshape,
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.reshape(dy as Tensor, x!.shape) }),
  });
  tf.registerGradient({
    kernelName: tf.Transpose,
    gradFunc: (dy, _, attributes) => {
      const order = attributes["perm"] as number[];
      const inverse = order.map((__, axis) => order.indexOf(axis));
      return { x: () => tf.transpose(dy as Tensor, inverse) };
    },
  });
}

/** An operation with its own gradient. */
function custom(forward: Forward): (...inputs: Tensor[]) => Tensor {
  return tf.customGrad((...all) => {
    const save = all.at(-1) as GradSaveFunc;
    const [value, gradFunc] = forward(all.slice(0, -1) as Tensor[], save);
    return { value, gradFunc };
  });
}

function sumRows(x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  return tf.reshape(tf.matMul(tf.ones([1, rows]), x), [columns]);
}

/** [N, I], [O, I], [O] -> [N, O] */
const linear = custom(([x, w, b], save) => {
  save([x!, w!]);
  const value = tf.fused.matMul({ a: x as Tensor2D, b: tf.transpose(w!), bias: b! });
  return [value, (dy, [x, w]) => [tf.matMul(dy, w!), weightGradient(x!, dy), sumRows(dy)]];
});

/** [N, I], [O, I] -> [N, O] */
const project = custom(([x, w], save) => {
  save([x!, w!]);
  const value = tf.matMul(x!, tf.transpose(w!));
  return [value, (dy, [x, w]) => [tf.matMul(dy, w!), weightGradient(x!, dy)]];
});

/** [O, I] by way of the smaller of the two transposes. */
function weightGradient(x: Tensor, dy: Tensor): Tensor {
  if (dy.size <= x.size) return tf.matMul(tf.transpose(dy), x);
  return tf.transpose(tf.matMul(tf.transpose(x), dy));
}

/** [N, D], [D], [D] -> [N, D] */
const layerNorm = custom(([x, scale, bias], save) => {
  const centred = tf.sub(x!, tf.mean(x!, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5));
  const normal = tf.mul(centred, inverse);
  save([normal, inverse, scale!]);
  return [tf.add(tf.mul(normal, scale!), bias!), layerNormGradients];
});

function layerNormGradients(dy: Tensor, [normal, inverse, scale]: Tensor[]): Tensor[] {
  const scaled = tf.mul(dy, scale!);
  const along = tf.mul(normal!, tf.mean(tf.mul(scaled, normal!), -1, true));
  const dx = tf.mul(inverse!, tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), along));
  return [dx, sumRows(tf.mul(dy, normal!)), sumRows(dy)];
}

/** x times a number. */
function scale(x: Tensor, factor: number): Tensor {
  return custom(([x]) => [tf.mul(x!, factor), (dy) => [tf.mul(dy, factor)]])(x);
}

/** GELU with the exact error function. */
const gelu = custom(([x], save) => {
  const share = tf.mul(tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1), 0.5);
  save([x!, share]);
  const density = (x: Tensor) =>
    tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  const gradients: Gradients = (dy, [x, share]) => [
    tf.mul(dy, tf.add(share!, tf.mul(x!, density(x!)))),
  ];
  return [tf.mul(x!, share), gradients];
});

/** The mean cross-entropy of logits [N, V] against one-hot labels. */
function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const loss = custom(([logits], save) => {
    const p = tf.softmax(logits as Tensor2D);
    save([p]);
    const value = tf.neg(tf.mean(tf.log(tf.sum(tf.mul(p, labels), -1))));
    const share = 1 / logits!.shape[0]!;
    return [value, (dy, [p]) => [tf.mul(tf.sub(p!, labels), tf.mul(dy, share))]];
  });
  return loss(logits);
}

/** Rows of a table [V, D] by ids [N] -> [N, D] */
function embed(table: Tensor, ids: Tensor): Tensor {
  const gather = custom(([table]) => {
    const shape = table!.shape;
    const places = tf.reshape(ids, [ids.size, 1]);
    return [tf.gather(table!, ids as tf.Tensor1D), (dy) => [tf.scatterND(places, dy, shape)]];
  });
  return gather(table);
}

/** [B T, D] + [T, D] -> [B T, D] */
function addPositions(x: Tensor, positions: Tensor, batch: number): Tensor {
  const add = custom(([x, positions]) => {
    const [length, width] = positions!.shape as [number, number];
    const value = tf.add(tf.reshape(x!, [batch, length, width]), positions!);
    const gradients: Gradients = (dy) => [
      dy,
      tf.reshape(sumRows(tf.reshape(dy, [batch, length * width])), [length, width]),
    ];
    return [tf.reshape(value, x!.shape), gradients];
  });
  return add(x, positions);
}

/** Causal attention of q (already scaled), k, v, each [B H, T, K] -> [B H, T, K] */
function attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor): Tensor {
  const mix = custom(([q, k, v], save) => {
    const p = tf.softmax(tf.add(tf.matMul(q!, k!, false, true), mask));
    save([q!, k!, v!, p]);
    return [tf.matMul(p, v!), attendGradients];
  });
  return mix(q, k, v);
}

function attendGradients(dy: Tensor, [q, k, v, p]: Tensor[]): Tensor[] {
  const weighted = tf.mul(tf.matMul(dy, v!, false, true), p!);
  const scores = tf.sub(weighted, tf.mul(p!, tf.sum(weighted, -1, true)));
  return [tf.matMul(scores, k!), tf.matMul(scores, q!, true), tf.matMul(p!, dy, true)];
}

function attention(size: Size, w: Weights, path: string, x: Tensor, mask: Tensor): Tensor {
  const { batch, length, heads, width } = size;
  const wide = width / heads;
  const apply = (name: string, x: Tensor) =>
    linear(x, w(`${path}.${name}.weight`), w(`${path}.${name}.bias`));
  const split = (name: string) => {
    const y = tf.reshape(apply(name, x), [batch, length, heads, wide]);
    return tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [batch * heads, length, wide]);
  };
  const q = scale(split("query"), 1 / Math.sqrt(wide));
  const mixed = attend(q, split("key"), split("value"), mask);
  const merged = tf.transpose(tf.reshape(mixed, [batch, heads, length, wide]), [0, 2, 1, 3]);
  return apply("output", tf.reshape(merged, [batch * length, width]));
}

function forward(size: Size, w: Weights, ids: Tensor, mask: Tensor): Tensor {
  const norm = (path: string, x: Tensor) => layerNorm(x, w(`${path}.weight`), w(`${path}.bias`));
  let x = addPositions(embed(w("tokens.weight"), ids), w("positions.weight"), size.batch);
  for (let index = 0; index < size.layers; index++) {
    const block = `blocks.${index}`;
    const path = `${block}.feedForward`;
    const attended = norm(`${block}.attentionNorm`, x);
    x = tf.add(x, attention(size, w, `${block}.attention`, attended, mask));
    const hidden = linear(
      norm(`${block}.feedForwardNorm`, x),
      w(`${path}.expand.weight`),
      w(`${path}.expand.bias`),
    );
    const contracted = linear(
      gelu(hidden),
      w(`${path}.contract.weight`),
      w(`${path}.contract.bias`),
    );
    x = tf.add(x, contracted);
  }
  return project(norm("norm", x), w("head.weight"));
}

/** A parameter and its two moments; a step replaces all three. */
type State = { value: Tensor; first: Tensor; second: Tensor };

function adam(state: State, gradient: Tensor, count: number): State {
  const correction = Math.sqrt(1 - beta2 ** count);
  const step = (rate * correction) / (1 - beta1 ** count);
  const first = tf.add(tf.mul(state.first, beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(state.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const change = tf.div(first, tf.add(tf.sqrt(second), epsilon * correction));
  return { value: tf.sub(state.value, tf.mul(change, step)), first, second };
}

/** Large and finite: this backend's softmax makes NaN of an infinity. */
function causalMask(length: number): Tensor {
  const values = Float32Array.from({ length: length * length }, (_, at) =>
    at % length > Math.floor(at / length) ? -1e9 : 0,
  );
  return tf.tensor(values, [length, length]);
}

async function start(size: Size, weights: readonly Weight[]): Promise<Trainer> {
  await tf.setBackend("wasm");
  registerGradients();
  const mask = causalMask(size.length);
  const places = new Map(weights.map(({ path }, index) => [path, index]));
  let states: State[] = weights.map(({ shape, values }) => ({
    value: tf.tensor(values, [...shape]),
    first: tf.zeros([...shape]),
    second: tf.zeros([...shape]),
  }));
  let count = 0;
  const advance = (batch: Batch) => {
    const ids = tf.tensor1d(batch.ids, "int32");
    // Cast here, because this backend writes the bits of integers into a float32 one-hot.
    const labels = tf.cast(
      tf.oneHot(tf.tensor1d(batch.labels, "int32"), size.vocabulary),
      "float32",
    );
    const loss = (...values: Tensor[]) => {
      const w: Weights = (path) => values[places.get(path)!]!;
      return crossEntropy(forward(size, w, ids, mask), labels);
    };
    const { value, grads } = tf.valueAndGrads(loss)(states.map((state) => state.value));
    const next = states.map((state, index) => adam(state, grads[index]!, count));
    return { loss: value, next };
  };
  const step = async (batch: Batch) => {
    count++;
    const old = states;
    const { loss, next } = tf.tidy(() => advance(batch));
    states = next;
    tf.dispose(old);
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
  return { step };
}

await serve(`TensorFlow.js ${tf.version_core}, WebAssembly, 1 thread`, start);
