import type { Mode } from "@quire/nn";
import {
  add,
  all,
  any,
  cast,
  compile,
  gradients,
  type HostTensor,
  isFinite as isFiniteTensor,
  isNaN as isNanTensor,
  logicalNot,
  stack,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import type { BatchOf, Traced } from "../loop/traced.ts";
import type { BadValue, Origin } from "./divergence.ts";

/** What was run when the loss or the gradients were no numbers. */
export interface Suspect<B> {
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  readonly mode: Mode;
  readonly parameters: readonly Variable[];
  readonly batch: B;
}

/** 0 for numbers, 1 where one is infinite, 2 or more where one is NaN. */
type Flags = ReadonlyMap<Tensor, number>;

/**
 * Runs a batch again, with a look at every value on the way to the loss and at every gradient, and finds where the
 * first value that is no number came from. Compiles a function of its own; variables must be as they were then.
 */
export async function originOf<B extends BatchOf<B>>(suspect: Suspect<B>): Promise<Origin> {
  const { loss, mode, parameters, batch } = suspect;
  let values: readonly Tensor[] = [];
  const probe = compile(
    (fed: Traced<B>) => {
      const value = loss(fed, mode);
      const slopes = gradients(value, parameters);
      values = leadingTo(value);
      return { values: flagsOf(values), slopes: flagsOf(slopes) };
    },
    { name: "diagnosis" },
  );
  const call = probe as unknown as (
    batch: B,
  ) => Promise<{ readonly values: HostTensor; readonly slopes: HostTensor }>;
  const found = await call(batch);
  await probe.release();
  const flags: Flags = new Map(
    found.values.toArray().map((flag, i) => [values[i] as Tensor, flag]),
  );
  const last = values.at(-1);
  if (last && flags.get(last) !== 0) return describe(firstBad(last, flags), flags);
  return badGradient(parameters, found.slopes.toArray());
}

/** Every floating-point value that a tensor is made from, itself the last. */
function leadingTo(end: Tensor): Tensor[] {
  const found = new Set<Tensor>();
  const open: { readonly tensor: Tensor; readonly isDone: boolean }[] = [
    { tensor: end, isDone: false },
  ];
  const seen = new Set<Tensor>();
  while (open.length > 0) {
    const { tensor, isDone } = open.pop() as (typeof open)[number];
    if (isDone) found.add(tensor);
    if (isDone || seen.has(tensor)) continue;
    seen.add(tensor);
    open.push({ tensor, isDone: true });
    for (const operand of tensor.node.inputs) open.push({ tensor: operand, isDone: false });
  }
  return [...found].filter(({ dtype }) => dtype === "float32" || dtype === "float16");
}

/** A number for each tensor. `[...]... -> [count]` */
function flagsOf(tensors: readonly Tensor[]): Tensor {
  return stack(
    tensors.map((x) => {
      const isInfinite = cast(logicalNot(all(isFiniteTensor(x))), "int32");
      return add(isInfinite, cast(any(isNanTensor(x)), "int32"));
    }),
  );
}

/** Goes from a bad value to a bad operand, NaN before infinite ones, until all operands are numbers. */
function firstBad(from: Tensor, flags: Flags): Tensor {
  const operands = from.node.inputs.filter((operand) => (flags.get(operand) ?? 0) > 0);
  const [worst] = operands
    .filter(({ node }) => node.spec.name !== "constant")
    .sort((a, b) => (flags.get(b) as number) - (flags.get(a) as number));
  return worst ? firstBad(worst, flags) : from;
}

function describe(tensor: Tensor, flags: Flags): Origin {
  const value = badValue(flags.get(tensor) as number);
  const { spec, attributes, path } = tensor.node;
  if (spec.name !== "input") return { kind: "activation", path, operation: spec.name, value };
  const kind = attributes["variable"] === undefined ? "batch" : "parameter";
  return { kind, name: String(attributes["name"]), value };
}

function badValue(flag: number): BadValue {
  return flag >= 2 ? "NaN" : "infinite";
}

/** Gradients go from the last parameter to the first: what the last bad one has, the others have from it. */
function badGradient(parameters: readonly Variable[], flags: readonly number[]): Origin {
  const place = flags.findLastIndex((flag) => flag > 0);
  if (place < 0) return { kind: "unknown" };
  const name = parameters[place]?.name as string;
  return { kind: "gradient", name, value: badValue(flags[place] as number) };
}
