import { QuireError } from "../../errors.ts";
import { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { hostTensor } from "../../host.ts";
import {
  arange,
  cast,
  concat,
  flip,
  full,
  logicalAnd,
  reshape,
  scan,
  slice,
  split,
  stack,
  transpose,
  where,
} from "../../ops/index.ts";
import { sameShape, typeText } from "../../shape.ts";
import type { GraphProto } from "../proto.ts";
import { knownValues } from "./known-values.ts";
import { type OnnxNode, type Read, type ReaderTable, Sequence, type Value } from "./onnx-node.ts";

/** A loop of no more steps than this is written out. */
const MOST_WRITTEN_OUT = 16;

function requireTensor(node: OnnxNode, value: Value): Tensor {
  return value instanceof Tensor ? value : node.fail("carries a sequence where a tensor is wanted");
}

/** A truth value that may stand in a tensor of one element, as a scalar. */
function truth(condition: Tensor): Tensor {
  return reshape(condition, []);
}

/** A branch that data may choose, which must fit the shapes that there are. */
function bothWays(node: OnnxNode, branch: string): Tensor[] {
  try {
    return node.around.body(node.graph(branch), []).map((value) => requireTensor(node, value));
  } catch (cause) {
    if (!(cause instanceof QuireError)) throw cause;
    const why = `cannot build its ${branch} with these sizes; give its condition as a constant, so that one branch is chosen (${cause.message})`;
    return node.fail(why, cause);
  }
}

/** The branch that is taken where that is known; otherwise both, and the values of the one that is. */
function branched(node: OnnxNode): Read {
  const condition = node.tensor(0);
  const known = knownValues(condition);
  if (known) return node.around.body(node.graph(known[0] ? "then_branch" : "else_branch"), []);
  const [taken, other] = [bothWays(node, "then_branch"), bothWays(node, "else_branch")];
  return taken.map((a, i) => {
    const b = other[i] as Tensor;
    if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) {
      const types = `${typeText(a)} or ${typeText(b)}`;
      return node.fail(`gives ${types}; give its condition as a constant, so that one is chosen`);
    }
    return where(truth(condition), a, b);
  });
}

/** What a loop's body is and starts with. */
interface LoopParts {
  readonly body: GraphProto;
  readonly carried: readonly Value[];
  /** How many values each step adds to the results. */
  readonly stacked: number;
}

/** One step: the condition to go on, what is carried, and what is added to the results. */
interface LoopStep {
  readonly goesOn: Tensor;
  readonly carried: readonly Value[];
  readonly stacked: readonly Tensor[];
}

function loopStep(
  node: OnnxNode,
  parts: LoopParts,
  step: Tensor,
  before: readonly Value[],
): LoopStep {
  const isOn = constant(hostTensor([1], [], "bool"));
  const [goesOn, ...rest] = node.around.body(parts.body, [step, isOn, ...before]);
  return {
    goesOn: truth(requireTensor(node, goesOn as Value)),
    carried: rest.slice(0, parts.carried.length),
    stacked: rest.slice(parts.carried.length).map((value) => requireTensor(node, value)),
  };
}

/** What is carried on: the new values while the loop goes on, else those before. */
function chosen(
  node: OnnxNode,
  isActive: Tensor,
  next: readonly Value[],
  before: readonly Value[],
): Tensor[] {
  return next.map((value, i) =>
    where(isActive, requireTensor(node, value), requireTensor(node, before[i] as Value)),
  );
}

/** A loop whose steps are written one after the other; a condition that data decide leaves values as they were. */
function writtenOut(node: OnnxNode, parts: LoopParts, trips: number): Read {
  let carried = parts.carried;
  let active: Tensor | undefined;
  const rows: Tensor[][] = Array.from({ length: parts.stacked }, () => []);
  for (let i = 0; i < trips; i++) {
    const at = constant(hostTensor([i], [], "int64"));
    const step = loopStep(node, parts, at, carried);
    carried = active ? chosen(node, active, step.carried, carried) : step.carried;
    for (const [k, value] of step.stacked.entries()) rows[k]?.push(value);
    const known = knownValues(step.goesOn);
    if (known?.[0] === 0) break;
    if (known) continue;
    if (parts.stacked > 0) return node.fail("stacks as many results as data decide");
    active = active ? logicalAnd(active, step.goesOn) : step.goesOn;
  }
  return [...carried, ...rows.map((row, k) => stackedRows(node, parts, row, k))];
}

/** Results one over the other; those of a loop without steps have the shape that the body declares. */
function stackedRows(
  node: OnnxNode,
  { body, carried }: LoopParts,
  rows: Tensor[],
  k: number,
): Tensor {
  if (rows.length > 0) return stack(rows);
  const { type } = body.output?.[1 + carried.length + k] ?? {};
  const dims = type?.tensorType?.shape?.dim?.map(({ dimValue }) => Number(dimValue ?? 0n)) ?? [];
  return node.as(full([0, ...dims], 0), Number(type?.tensorType?.elemType ?? 1n));
}

/** A loop of many steps as a scan, which keeps the types of what it carries. */
function scanned(node: OnnxNode, parts: LoopParts, trips: number): Read {
  const first = parts.carried.map((value) => requireTensor(node, value));
  const start = constant(hostTensor([1], [], "bool"));
  const steps = cast(arange(trips), "int64");
  const { carry, ys } = scan(
    (carry: { active: Tensor; values: readonly Tensor[] }, at: Tensor) => {
      const step = loopStep(node, parts, at, carry.values);
      if (knownValues(step.goesOn)?.[0] === 1) {
        const values = step.carried.map((value) => requireTensor(node, value));
        return { carry: { active: carry.active, values }, y: step.stacked };
      }
      if (parts.stacked > 0) return node.fail("stacks as many results as data decide");
      const values = chosen(node, carry.active, step.carried, carry.values);
      return { carry: { active: logicalAnd(carry.active, step.goesOn), values }, y: step.stacked };
    },
    { active: start, values: first },
    steps,
  );
  return [...carry.values, ...ys];
}

/** A number of steps that is known; the condition may end it earlier. */
function looped(node: OnnxNode): Read {
  const starts = node.optionalValues(1)?.[0] ?? 1;
  const body = node.graph("body");
  const carried = node.inputs.slice(2).map((value) => value ?? node.fail("lacks a value to carry"));
  const parts = { body, carried, stacked: (body.output?.length ?? 1) - 1 - carried.length };
  const trips = starts === 0 ? 0 : node.optionalValues(0)?.[0];
  if (trips === undefined || trips > 2 ** 31) {
    return node.fail("runs until data say that it ends; a graph has a number of steps");
  }
  const isSimple = carried.every((value) => value instanceof Tensor);
  if (trips <= MOST_WRITTEN_OUT || !isSimple) return writtenOut(node, parts, trips);
  return scanned(node, parts, trips);
}

/** An axis brought to the front, and back. */
function toFront(x: Tensor, axis: number): Tensor {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [axis, ...axes.filter((i) => i !== axis)]);
}

function fromFront(x: Tensor, axis: number): Tensor {
  const rest = x.shape.map((_, i) => i).slice(1);
  return transpose(x, [...rest.slice(0, axis), 0, ...rest.slice(axis)]);
}

/** A walk over the positions of tensors. */
function walked(node: OnnxNode, inputs: readonly Tensor[]): Tensor[] {
  const count = node.int("num_scan_inputs", 1);
  const body = node.graph("body");
  const [first, given] = [inputs.slice(0, -count), inputs.slice(-count)];
  const axisOf = (list: number[] | undefined, i: number, rank: number): number => {
    const axis = list?.[i] ?? 0;
    return axis < 0 ? axis + rank : axis;
  };
  const xs = given.map((x, i) => {
    const walk = toFront(x, axisOf(node.ints("scan_input_axes"), i, x.shape.length));
    const isBack = (node.ints("scan_input_directions") ?? node.ints("directions"))?.[i] === 1;
    return isBack ? flip(walk, [0]) : walk;
  });
  const { carry, ys } = scan(
    (carry: readonly Tensor[], x: readonly Tensor[]) => {
      const results = node.around
        .body(body, [...carry, ...x])
        .map((value) => requireTensor(node, value));
      return { carry: results.slice(0, first.length), y: results.slice(first.length) };
    },
    first as readonly Tensor[],
    xs as readonly Tensor[],
  );
  const stacked = ys.map((y, i) => {
    const forward = node.ints("scan_output_directions")?.[i] === 1 ? flip(y, [0]) : y;
    return fromFront(forward, axisOf(node.ints("scan_output_axes"), i, y.shape.length));
  });
  return [...carry, ...stacked];
}

/** Version 8 walked over the second axis, once for each example of the first. */
function walkedByExample(node: OnnxNode): Read {
  if (node.optional(0)) return node.fail("has lengths by example, which Quire does not read");
  const inputs = node.inputs.slice(1).map((_, i) => node.tensor(i + 1));
  const examples = (inputs[0] as Tensor).shape[0] as number;
  const results = Array.from({ length: examples }, (_, example) =>
    walked(
      node,
      inputs.map((x) => reshape(slice(x, [example], [example + 1]), x.shape.slice(1))),
    ),
  );
  return (results[0] as Tensor[]).map((_, i) => stack(results.map((row) => row[i] as Tensor)));
}

/** A place in a sequence, counted from the back where negative. */
function placeIn(node: OnnxNode, position: number, count: number): number {
  const at = node.optionalValues(position)?.[0];
  if (at === undefined) return count;
  return at < 0 ? at + count : at;
}

function inserted(node: OnnxNode): Sequence {
  const { items } = node.sequence(0);
  return new Sequence(items.toSpliced(placeIn(node, 2, items.length), 0, node.tensor(1)));
}

function erased(node: OnnxNode): Sequence {
  const { items } = node.sequence(0);
  const at = node.optional(1) ? placeIn(node, 1, items.length) : items.length - 1;
  return new Sequence(items.toSpliced(at, 1));
}

function cut(node: OnnxNode): Sequence {
  const x = node.tensor(0);
  const axis = node.axis(0, x.shape.length);
  const size = x.shape[axis] as number;
  const lengths = node.optionalValues(1) ?? [1];
  const isOne = node.optional(1)?.shape.length !== 1;
  const each = lengths[0] as number;
  const even = Array.from({ length: Math.ceil(size / each) }, (_, i) =>
    Math.min(each, size - i * each),
  );
  const parts = split(x, isOne ? even : lengths, axis);
  const keeps = node.optional(1) !== undefined || node.int("keepdims", 1) === 1;
  const thin = (part: Tensor): Tensor => reshape(part, part.shape.toSpliced(axis, 1));
  return new Sequence(keeps ? parts : parts.map(thin));
}

function joined(node: OnnxNode): Tensor {
  const { items } = node.sequence(0);
  const axis = node.int("axis", 0);
  return node.int("new_axis", 0) === 1 ? stack(items, axis) : concat(items, axis);
}

/** A body applied to each item of sequences. */
function mapped(node: OnnxNode): Read {
  const first = node.sequence(0).items;
  const body = node.graph("body");
  const rows = first.map((_, i) =>
    node.around.body(
      body,
      node.inputs.map((value) => (value instanceof Sequence ? value.items[i] : value)),
    ),
  );
  return (body.output ?? []).map(
    (_, k) => new Sequence(rows.map((row) => requireTensor(node, row[k] as Value))),
  );
}

/** Branches, loops, and the sequences that they fill. */
export const controlReaders: ReaderTable = {
  ConcatFromSequence: joined,
  If: branched,
  Loop: looped,
  Optional: (node) => node.inputs[0] ?? node.fail("is empty, which Quire does not read"),
  OptionalGetElement: (node) => node.inputs[0] ?? node.fail("finds its value empty"),
  OptionalHasElement: (node) =>
    constant(hostTensor([Number(node.inputs[0] !== undefined)], [], "bool")),
  Scan: (node) => (node.around.opset < 9 ? walkedByExample(node) : walked(node, node.tensors())),
  SequenceAt: (node) => {
    const { items } = node.sequence(0);
    return items[placeIn(node, 1, items.length)] ?? node.fail("reads beyond its sequence");
  },
  SequenceConstruct: (node) => new Sequence(node.tensors()),
  SequenceEmpty: () => new Sequence([]),
  SequenceErase: erased,
  SequenceInsert: inserted,
  SequenceLength: (node) => constant(hostTensor([node.sequence(0).items.length], [], "int64")),
  SequenceMap: mapped,
  SplitToSequence: cut,
};
