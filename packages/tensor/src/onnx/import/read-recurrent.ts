import type { Tensor } from "../../graph/node.ts";
import {
  abs,
  add,
  arange,
  cast,
  clip,
  div,
  elu,
  full,
  greater,
  hardSigmoid,
  leakyRelu,
  less,
  matmul,
  mul,
  relu,
  reshape,
  scan,
  sigmoid,
  slice,
  softplus,
  split,
  stack,
  sub,
  tanh,
  transpose,
  where,
  zerosLike,
} from "../../ops/index.ts";
import type { OnnxNode, Read, ReaderTable } from "./onnx-node.ts";
import { turnedSequences } from "./read-indexing.ts";

type Activation = (x: Tensor) => Tensor;

/** Activations by ONNX's names, with the parameters that some have. */
const activations: Readonly<Record<string, (alpha?: number, beta?: number) => Activation>> = {
  affine:
    (alpha = 1, beta = 0) =>
    (x) =>
      add(mul(x, alpha), beta),
  elu:
    (alpha = 1) =>
    (x) =>
      elu(x, { alpha }),
  hardsigmoid:
    (alpha = 0.2, beta = 0.5) =>
    (x) =>
      alpha === 1 / 6 ? hardSigmoid(x) : clip(add(mul(x, alpha), beta), { min: 0, max: 1 }),
  leakyrelu:
    (alpha = 0.01) =>
    (x) =>
      leakyRelu(x, { slope: alpha }),
  relu: () => relu,
  scaledtanh:
    (alpha = 1, beta = 1) =>
    (x) =>
      mul(tanh(mul(x, beta)), alpha),
  sigmoid: () => sigmoid,
  softplus: () => softplus,
  softsign: () => (x) => div(x, add(abs(x), 1)),
  tanh: () => tanh,
  thresholdedrelu:
    (alpha = 1) =>
    (x) =>
      where(greater(x, alpha), x, zerosLike(x)),
};

/** One direction's weights and settings as a cell sees them. */
interface Cell {
  readonly node: OnnxNode;
  /** `[gates * H, H]` */
  readonly recurrent: Tensor;
  /** `[gates * H]` */
  readonly bias: Tensor;
  /** `[3 * H]` of an LSTM. */
  readonly peepholes: Tensor | undefined;
  readonly activations: readonly Activation[];
}

type State = readonly Tensor[];

/** What differs between kinds of recurrence. */
interface Kind {
  readonly gates: number;
  readonly states: number;
  readonly activations: readonly string[];
  /** The next state from the input's part of the gates `[B, gates * H]`. */
  step(cell: Cell, x: Tensor, state: State): State;
}

function limited({ node }: Cell, x: Tensor): Tensor {
  const edge = node.float("clip", 0);
  return edge === 0 ? x : clip(x, { min: -edge, max: edge });
}

function act(cell: Cell, which: number, x: Tensor): Tensor {
  return (cell.activations[which] as Activation)(limited(cell, x));
}

/** x Wᵀ + h Rᵀ + b, gate by gate. */
function gatesOf(cell: Cell, x: Tensor, h: Tensor, count: number): Tensor[] {
  const all = add(add(x, matmul(h, cell.recurrent, { transposeB: true })), cell.bias);
  return split(all, count, -1);
}

const simple: Kind = {
  gates: 1,
  states: 1,
  activations: ["Tanh"],
  step(cell, x, [h]) {
    return [act(cell, 0, gatesOf(cell, x, h as Tensor, 1)[0] as Tensor)];
  },
};

/** Gates in the order update, reset, candidate (Cho et al. 2014). */
const gatedUnit: Kind = {
  gates: 3,
  states: 1,
  activations: ["Sigmoid", "Tanh"],
  step(cell, x, [state]) {
    const h = state as Tensor;
    const size = h.shape.at(-1) as number;
    const cut = (tensor: Tensor, from: number, to: number, axis: number): Tensor =>
      slice(tensor, [from * size], [to * size], { axes: [axis] });
    const [rGates, rNew] = [cut(cell.recurrent, 0, 2, 0), cut(cell.recurrent, 2, 3, 0)];
    const [bGates, bNew] = [cut(cell.bias, 0, 2, 0), cut(cell.bias, 2, 3, 0)];
    const gates = add(add(cut(x, 0, 2, 1), matmul(h, rGates, { transposeB: true })), bGates);
    const [update, reset] = split(act(cell, 0, gates), 2, -1) as [Tensor, Tensor];
    const isAfter = cell.node.int("linear_before_reset", 0) === 1;
    const through = isAfter
      ? mul(reset, add(matmul(h, rNew, { transposeB: true }), bNew))
      : add(matmul(mul(reset, h), rNew, { transposeB: true }), bNew);
    const candidate = act(cell, 1, add(cut(x, 2, 3, 1), through));
    return [add(mul(sub(1, update), candidate), mul(update, h))];
  },
};

/** Gates in the order input, output, forget, cell (Hochreiter and Schmidhuber 1997, with a forget gate). */
const longMemory: Kind = {
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step(cell, x, [h, c]) {
    const memory = c as Tensor;
    const [i, o, f, g] = gatesOf(cell, x, h as Tensor, 4) as [Tensor, Tensor, Tensor, Tensor];
    const [pi, po, pf] = cell.peepholes ? split(cell.peepholes, 3, 0) : [];
    const peep = (gate: Tensor, weight: Tensor | undefined, at: Tensor): Tensor =>
      weight ? add(gate, mul(weight, at)) : gate;
    const input = act(cell, 0, peep(i, pi, memory));
    const isCoupled = cell.node.int("input_forget", 0) === 1;
    const forget = isCoupled ? sub(1, input) : act(cell, 0, peep(f, pf, memory));
    const next = add(mul(forget, memory), mul(input, act(cell, 1, g)));
    const output = act(cell, 0, peep(o, po, next));
    return [mul(output, (cell.activations[2] as Activation)(next)), next];
  },
};

/** One direction's part of a tensor that has both in front. */
function part(tensor: Tensor, direction: number): Tensor {
  return reshape(slice(tensor, [direction], [direction + 1]), tensor.shape.slice(1));
}

/** Activations that take numbers; the lists of numbers hold some for these alone. */
const takers = {
  alpha: ["affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"],
  beta: ["affine", "hardsigmoid", "scaledtanh"],
};

function activationsOf(node: OnnxNode, kind: Kind, direction: number): Activation[] {
  const count = kind.activations.length;
  const names = (node.texts("activations") ?? [...kind.activations, ...kind.activations]).map(
    (name) => name.toLowerCase(),
  );
  return kind.activations.map((_, i) => {
    const at = direction * count + i;
    const name = names[at] ?? "";
    const [alpha, beta] = (["alpha", "beta"] as const).map((kind) => {
      const before = names.slice(0, at).filter((other) => takers[kind].includes(other));
      const takes = takers[kind].includes(name);
      return takes ? node.floats(`activation_${kind}`)?.[before.length] : undefined;
    });
    const activation = activations[name]?.(alpha, beta);
    return activation ?? node.fail(`has the activation ${name}, which Quire does not read`);
  });
}

/** A gate's biases of input and state are added up, but for a reset that works on the state's part alone. */
function biasesOf(node: OnnxNode, direction: number, width: number) {
  const given = node.optional(3);
  if (!given) return { input: undefined, state: full([width], 0) };
  const [input, state] = split(part(given, direction), 2, 0) as [Tensor, Tensor];
  return { input, state };
}

/** All steps in one direction: the states after each `[T, B, H]`, and the last ones. */
function direction(node: OnnxNode, kind: Kind, x: Tensor, which: number, isBack: boolean) {
  const [weight, recurrent] = [part(node.tensor(1), which), part(node.tensor(2), which)];
  const [steps, batch] = x.shape as [number, number];
  const size = recurrent.shape[1] as number;
  const peepholes = node.type === "LSTM" ? node.optional(7) : undefined;
  const { input, state } = biasesOf(node, which, recurrent.shape[0] as number);
  const cell: Cell = {
    node,
    recurrent,
    bias: state,
    peepholes: peepholes && part(peepholes, which),
    activations: activationsOf(node, kind, which),
  };
  const lengths = node.optional(4);
  const walked = lengths && isBack ? turnedSequences(x, lengths, 0, 1) : x;
  const product = matmul(walked, weight, { transposeB: true });
  const projected = input ? add(product, input) : product;
  const first = Array.from({ length: kind.states }, (_, i) => {
    const given = node.optional(5 + i);
    return given ? part(startOf(node, given), which) : full([batch, size], 0, x.dtype);
  });
  const times = arange(steps);
  const { carry, ys } = scan(
    (before: State, at: { x: Tensor; time: Tensor }) => {
      const next = kind.step(cell, at.x, before);
      if (!lengths) return { carry: next, y: next[0] as Tensor };
      const isIn = reshape(less(at.time, cast(lengths, "int32")), [batch, 1]);
      const held = next.map((value, i) => where(isIn, value, before[i] as Tensor));
      return { carry: held, y: where(isIn, next[0] as Tensor, 0) };
    },
    first as State,
    { x: projected, time: times },
    { reverse: isBack && !lengths },
  );
  return { ys: lengths && isBack ? turnedSequences(ys, lengths, 0, 1) : ys, last: carry };
}

/** A first state, directions in front. */
function startOf(node: OnnxNode, state: Tensor): Tensor {
  return node.int("layout", 0) === 1 ? transpose(state, [1, 0, 2]) : state;
}

function recurrence(node: OnnxNode, kind: Kind): Read {
  const isBatchFirst = node.int("layout", 0) === 1;
  const x = isBatchFirst ? transpose(node.tensor(0), [1, 0, 2]) : node.tensor(0);
  const way = node.text("direction", "forward");
  const backs = way === "bidirectional" ? [false, true] : [way === "reverse"];
  const results = backs.map((isBack, i) => direction(node, kind, x, i, isBack));
  const all = stack(
    results.map(({ ys }) => ys),
    1,
  );
  const last = Array.from({ length: kind.states }, (_, i) => {
    const states = stack(results.map(({ last }) => last[i] as Tensor));
    return isBatchFirst ? transpose(states, [1, 0, 2]) : states;
  });
  return [isBatchFirst ? transpose(all, [2, 0, 1, 3]) : all, ...last];
}

/** Recurrent layers. */
export const recurrentReaders: ReaderTable = {
  GRU: (node) => recurrence(node, gatedUnit),
  LSTM: (node) => recurrence(node, longMemory),
  RNN: (node) => recurrence(node, simple),
};
