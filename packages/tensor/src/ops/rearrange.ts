import { ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, toTensor } from "./define.ts";
import { expand, reshape, transpose } from "./movement.ts";
import { type AxisGroup, parsePattern } from "./pattern.ts";

/** Sizes of a pattern's axes, by name. */
export type AxisSizes = Readonly<Record<string, number>>;

/** A call's operand and texts, for messages. */
interface Call {
  readonly x: TensorType;
  readonly pattern: string;
}

function refuse({ x, pattern }: Call, rule: string): never {
  throw new ShapeError("rearrange", `"${pattern}" for x ${typeText(x)}: ${rule}.`, [x]);
}

/** The groups of both sides, axis by axis, with a name for each axis that `...` stands for. */
function groupsOf(call: Call): { left: AxisGroup[]; right: AxisGroup[] } {
  const fail = (rule: string): never => refuse(call, rule);
  const { left, right } = parsePattern(call.pattern, fail);
  const rank = call.x.shape.length;
  const hasRest = left.includes("...");
  const rest = rank - left.length + Number(hasRest);
  if (hasRest ? rest < 0 : rest !== 0) {
    const named = hasRest ? `${left.length - 1} or more` : `${left.length}`;
    fail(`the left side has ${named} axes, x has ${rank}`);
  }
  const others = Array.from({ length: rest }, (_, i) => `...${i}`);
  const spelled = (group: AxisGroup | "..."): AxisGroup[] => {
    if (group === "...") return others.map((name) => [name]);
    return [group.flatMap((name) => (name === "..." ? others : [name]))];
  };
  return { left: left.flatMap(spelled), right: right.flatMap(spelled) };
}

/** Works out the sizes of one group's axes from the size of x's axis; at most one may be unknown. */
function solveGroup(call: Call, group: AxisGroup, size: number, sizes: Map<string, number>) {
  const text = group.length > 1 ? `(${group.join(" ")})` : (group[0] ?? "1");
  const unknown = group.filter((name) => !sizes.has(name));
  const known = sizeOf(group.map((name) => sizes.get(name) ?? 1));
  if (unknown.length > 1) {
    refuse(call, `say the sizes of all but one of ${text}, for example { ${unknown[0]}: 2 }`);
  }
  if (unknown.length === 0 && known !== size) {
    refuse(
      call,
      `${text}${text === "1" ? "" : ` is ${known}, which`} does not match the axis of ${size}`,
    );
  }
  if (unknown.length === 1) {
    const rest = size / known;
    if (!Number.isInteger(rest)) refuse(call, `${text} of ${size} does not divide by ${known}`);
    sizes.set(unknown[0] as string, rest);
  }
}

function solveSizes(call: Call, left: readonly AxisGroup[], given: AxisSizes): Map<string, number> {
  const sizes = new Map(Object.entries(given));
  left.forEach((group, axis) => {
    solveGroup(call, group, call.x.shape[axis] as number, sizes);
  });
  return sizes;
}

/** Refuses names without a partner: lost on the right, new there without a size, or given but in no side. */
function requirePartners(
  call: Call,
  from: readonly string[],
  to: readonly string[],
  given: AxisSizes,
): void {
  const lost = from.find((name) => !to.includes(name));
  if (lost !== undefined)
    refuse(call, `${lost} is missing on the right; sum or slice it away first`);
  const unsized = to.find((name) => !from.includes(name) && given[name] === undefined);
  if (unsized !== undefined) {
    refuse(call, `${unsized} is new on the right; say how often to repeat, { ${unsized}: 2 }`);
  }
  const unused = Object.keys(given).find((name) => !to.includes(name));
  if (unused !== undefined) refuse(call, `${unused} is given a size but not named`);
}

/**
 * Axes split, moved and joined as a pattern in einops notation says: names for axes, brackets for axes that make
 * up one, `1` for an axis of size 1, `...` for all others. A name that is new on the right repeats x as often as
 * its size says. `"B T (H K) -> B H T K", { H: 4 }: [B, T, 4 K] -> [B, 4, T, K]`
 *
 * @throws ShapeError when the pattern is malformed or does not fit x.
 */
export function rearrange(x: Operand, pattern: string, sizes: AxisSizes = {}): Tensor {
  const tensor = toTensor(x);
  const call = { x: tensor, pattern };
  const { left, right } = groupsOf(call);
  const from = left.flat();
  const to = right.flat();
  requirePartners(call, from, to, sizes);
  const solved = solveSizes(call, left, sizes);
  const sizesOf = (names: readonly string[]): number[] =>
    names.map((name) => solved.get(name) as number);
  const kept = to.filter((name) => from.includes(name));
  const moved = transpose(
    reshape(tensor, sizesOf(from)),
    kept.map((name) => from.indexOf(name)),
  );
  const opened = to.map((name) => (from.includes(name) ? (solved.get(name) as number) : 1));
  const repeated = kept.length === to.length ? moved : expand(reshape(moved, opened), sizesOf(to));
  return reshape(
    repeated,
    right.map((group) => sizeOf(sizesOf(group))),
  );
}
