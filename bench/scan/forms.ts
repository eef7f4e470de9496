// B rows, H heads, T tokens, K width of a head

import { matrixLstm } from "@quire/nn";
import {
  compile,
  estimateMemory,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  scaledDotProductAttention,
  sizeOf,
  sum,
  type Tensor,
} from "@quire/tensor";

export const [rows, heads, width] = [1, 4, 32];

/** What mixes tokens: `[B, H, T, K]` three times and two gates `[B, H, T, 1]` to `[B, H, T, K]`. */
export interface Form {
  readonly name: string;
  readonly mix: (inputs: readonly Tensor[]) => Tensor;
}

type Given = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];

function memory(form: "chunked" | "recurrent" | "parallel"): Form["mix"] {
  return (inputs) => {
    const [query, key, value, inputGate, forgetGate] = inputs as unknown as Given;
    return matrixLstm({ query, key, value, inputGate, forgetGate }, { form });
  };
}

export const forms: readonly Form[] = [
  { name: "mLSTM, chunked", mix: memory("chunked") },
  { name: "mLSTM, step by step", mix: memory("recurrent") },
  { name: "mLSTM, all pairs", mix: memory("parallel") },
  {
    name: "softmax attention",
    mix: (inputs) => {
      const [q, k, v] = inputs as unknown as Given;
      return scaledDotProductAttention(q, k, v, { causal: true });
    },
  },
];

/** Values alone, or the gradients of all inputs too. */
export type Work = "forward" | "forward and backward";

/** A form ready to be timed at one length. */
export interface Runner {
  run(): Promise<void>;
  release(): Promise<void>;
}

const shapesOf = (length: number): (readonly number[])[] => [
  ...Array.from({ length: 3 }, () => [rows, heads, length, width]),
  ...Array.from({ length: 2 }, () => [rows, heads, length, 1]),
];

function workOf({ mix, name }: Form, work: Work): (inputs: Tensor[]) => Tensor[] {
  return (inputs) => {
    const total = sum(mix(inputs));
    if (work === "forward") return [total];
    const learnt = name.startsWith("mLSTM") ? inputs : inputs.slice(0, 3);
    return [total, ...gradients(total, learnt).map((slope) => sum(slope))];
  };
}

/** Bytes that a form takes at a length, by its graph. */
export function bytesOf(form: Form, length: number, work: Work): number {
  const types = shapesOf(length).map((shape) => ({ shape, dtype: "float32" as const }));
  return estimateMemory(workOf(form, work), types).working;
}

/** Compiles a form for a length; results are sums, which cost nothing to read. */
export function runnerOf(form: Form, length: number, work: Work): Runner {
  const random = new Random(1);
  const inputs: HostTensor[] = shapesOf(length).map((shape) => {
    const data = new Float32Array(sizeOf(shape)).map(() => random.normal());
    return hostTensor(data, shape, "float32");
  });
  const compiled = compile(workOf(form, work));
  return {
    run: async () => {
      const results = await compiled(inputs);
      if (!results.every((result) => Number.isFinite(result.item()))) {
        throw new Error(`${form.name} at ${length} gives no numbers.`);
      }
    },
    release: () => compiled.release(),
  };
}
