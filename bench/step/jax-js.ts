/**
 * The jax-js peer: its WebAssembly device, the whole step in one `jit`. Scattering cannot be
 * compiled there, so the embedding is looked up outside of the differentiated function and the
 * table's gradient is one product with one-hot rows.
 */
import { jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { Batch, Trainer, Weight } from "./peer.ts";
import { serve } from "./peer.ts";
import type { Size } from "./size.ts";

const rate = 3e-4;
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

type Tensors = Record<string, np.Array>;

/** Everything that a step reads and replaces. */
type State = { weights: Tensors; first: Tensors; second: Tensors };

/** [N, D] normalised over D. */
function layerNorm(w: Tensors, path: string, x: np.Array): np.Array {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
  const variance = np.square(centred.ref).mean(-1, { keepdims: true });
  const normal = centred.div(np.sqrt(variance.add(1e-5)));
  return normal.mul(w[`${path}.weight`]!).add(w[`${path}.bias`]!);
}

/** [N, I] -> [N, O] */
function linear(w: Tensors, path: string, x: np.Array): np.Array {
  return np.matmul(x, w[`${path}.weight`]!.transpose()).add(w[`${path}.bias`]!);
}

function attention(size: Size, w: Tensors, path: string, x: np.Array): np.Array {
  const { batch, length, heads, width } = size;
  const wide = width / heads;
  const split = (name: string, x: np.Array) =>
    linear(w, `${path}.${name}`, x).reshape([batch, length, heads, wide]).transpose([0, 2, 1, 3]);
  const q = split("query", x.ref).mul(1 / Math.sqrt(wide));
  const k = split("key", x.ref).transpose([0, 1, 3, 2]);
  const keep = np.tri(length, length, 0, { dtype: np.bool });
  const scores = np.where(keep, np.matmul(q, k), Number.NEGATIVE_INFINITY);
  const mixed = np.matmul(nn.softmax(scores, -1), split("value", x));
  const merged = mixed.transpose([0, 2, 1, 3]).reshape([batch * length, width]);
  return linear(w, `${path}.output`, merged);
}

/** The mean cross-entropy, from embedded tokens [B T, D] and one-hot labels [B T, V]. */
function lossOf(size: Size, w: Tensors, embedded: np.Array, labels: np.Array): np.Array {
  const { batch, length, width } = size;
  const positions = w["positions.weight"]!;
  let x = embedded
    .reshape([batch, length, width])
    .add(positions)
    .reshape([batch * length, width]);
  for (let index = 0; index < size.layers; index++) {
    const block = `blocks.${index}`;
    const attended = layerNorm(w, `${block}.attentionNorm`, x.ref);
    x = x.add(attention(size, w, `${block}.attention`, attended));
    const normal = layerNorm(w, `${block}.feedForwardNorm`, x.ref);
    const hidden = linear(w, `${block}.feedForward.expand`, normal);
    const active = nn.gelu(hidden, { approximate: false });
    x = x.add(linear(w, `${block}.feedForward.contract`, active));
  }
  const logits = np.matmul(layerNorm(w, "norm", x), w["head.weight"]!.transpose());
  return nn
    .logSoftmax(logits, -1)
    .mul(labels)
    .sum()
    .mul(-1 / (batch * length));
}

/** One step: new state and the loss; `corrections` holds the step's rate and scaled epsilon. */
function advance(size: Size, state: State, batch: Tensors) {
  const { "tokens.weight": table, ...rest } = tree.ref(state.weights) as Tensors;
  const labels = nn.oneHot(batch["labels"]!, size.vocabulary);
  const chosen = nn.oneHot(batch["ids"]!.ref, size.vocabulary);
  const embedded = np.take(table!, batch["ids"]!, 0);
  const differentiated = valueAndGrad(
    (weights: Tensors, embedded: np.Array, labels: np.Array) =>
      lossOf(size, weights, embedded, labels),
    { argnums: [0, 1] },
  );
  const [loss, [weightGradients, dx]] = differentiated(rest, embedded, labels);
  const gradients: Tensors = {
    ...(weightGradients as Tensors),
    "tokens.weight": np.matmul(chosen.transpose(), dx as np.Array),
  };
  const next: State = { weights: {}, first: {}, second: {} };
  for (const path of Object.keys(state.weights)) {
    const updated = adam(state, path, gradients[path]!, batch);
    next.weights[path] = updated[0];
    next.first[path] = updated[1];
    next.second[path] = updated[2];
  }
  batch["rate"]!.dispose();
  batch["epsilon"]!.dispose();
  return { loss, next };
}

function adam(state: State, path: string, gradient: np.Array, batch: Tensors) {
  const first = state.first[path]!.mul(beta1).add(gradient.ref.mul(1 - beta1));
  const second = state.second[path]!.mul(beta2).add(np.square(gradient).mul(1 - beta2));
  const change = first.ref.div(np.sqrt(second.ref).add(batch["epsilon"]!.ref));
  const weight = state.weights[path]!.sub(change.mul(batch["rate"]!.ref));
  return [weight, first, second] as const;
}

function start(size: Size, weights: readonly Weight[]): Promise<Trainer> {
  const tensors = (make: (weight: Weight) => np.Array): Tensors =>
    Object.fromEntries(weights.map((weight) => [weight.path, make(weight)]));
  let state: State = {
    weights: tensors(({ shape, values }) => np.array(values).reshape([...shape])),
    first: tensors(({ shape }) => np.zeros([...shape])),
    second: tensors(({ shape }) => np.zeros([...shape])),
  };
  const compiled = jit((state: State, batch: Tensors) => advance(size, state, batch));
  let count = 0;
  const step = async (batch: Batch) => {
    count++;
    const correction = Math.sqrt(1 - beta2 ** count);
    const { loss, next } = compiled(state, {
      ids: np.array(batch.ids),
      labels: np.array(batch.labels),
      rate: np.array([(rate * correction) / (1 - beta1 ** count)]),
      epsilon: np.array([epsilon * correction]),
    });
    state = next;
    const [value] = await loss.data();
    return value!;
  };
  return Promise.resolve({ step });
}

await serve("jax-js, WebAssembly, 1 thread", start);
