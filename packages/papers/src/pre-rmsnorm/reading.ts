import { add, matmul, mul, type Node, reshape, sizeOf, type Tensor } from "@quire/tensor";
import { passingOf } from "./passing.ts";
import { takenIn } from "./taken-in.ts";

/** What a norm gives: `base`, its last value left out where it is short, times `scale`, plus `shift`. */
export interface Normed {
  /** `[..., D]`, or `[..., D - 1]` where it is short. */
  readonly base: Tensor;
  readonly isShort: boolean;
  /** `[D]` */
  readonly scale: Tensor | undefined;
  /** `[D]` */
  readonly shift: Tensor | undefined;
}

/** A shift moves into a product only where that has not many more outputs than inputs. */
const MOST_WIDENED = 4;

/**
 * What a node makes of a norm's output without all of its values: moved about, scaled and shifted, or multiplied by a
 * weight, which then takes scale and shift in. Undefined where the node needs them all.
 */
export function readBy(
  node: Node,
  normed: ReadonlyMap<Tensor, Normed>,
  isKnown: (tensor: Tensor) => boolean,
): Normed | undefined {
  const place = node.inputs.findIndex((tensor) => normed.has(tensor));
  const from = normed.get(node.inputs[place] as Tensor);
  if (!from || node.outputs.length !== 1) return undefined;
  const given = { node, from, place, isKnown };
  switch (node.spec.name) {
    case "matmul":
      return multiplied(given);
    case "mul":
    case "add":
      return changed(given);
    default:
      return moved(given);
  }
}

interface Given {
  readonly node: Node;
  readonly from: Normed;
  /** Which operand is the norm's output. */
  readonly place: number;
  isKnown(tensor: Tensor): boolean;
}

function multiplied({ node, from, place, isKnown }: Given): Normed | undefined {
  const { transposeA, transposeB, alpha } = node.attributes as Readonly<Record<string, boolean>>;
  const [, weight] = node.inputs as readonly [Tensor, Tensor];
  if (place !== 0 || transposeA || Number(alpha) !== 1) return undefined;
  if (weight.shape.length !== 2 || !isKnown(weight)) return undefined;
  const [width, outputs] = [node.inputs[0]?.shape.at(-1), node.outputs[0]?.shape.at(-1)];
  const isWide = (outputs as number) > MOST_WIDENED * (width as number);
  if (isWide && !from.isShort) return undefined;
  const isTransposed = transposeB === true;
  const taken = takenIn(from, weight, isTransposed);
  const base = matmul(from.base, taken.weight, { transposeB: isTransposed });
  return { base, isShort: false, scale: undefined, shift: taken.shift };
}

/** A vector of the last axis, as scale or shift. */
function changed({ node, from, place, isKnown }: Given): Normed | undefined {
  const [output] = node.outputs as readonly [Tensor];
  const vector = node.inputs[1 - place] as Tensor;
  const width = output.shape.at(-1) as number;
  const isVector = sizeOf(vector.shape) === width && vector.shape.at(-1) === width;
  if (!isVector || !isKnown(vector)) return undefined;
  const own = reshape(vector, [width]);
  const { scale, shift } = from;
  if (node.spec.name === "add") return { ...from, shift: shift ? add(shift, own) : own };
  return { ...from, scale: scale ? mul(scale, own) : own, shift: shift && mul(shift, own) };
}

/** Rows taken, laid out or ordered in another way, each of them whole. */
function moved({ node, from, place }: Given): Normed | undefined {
  const [output] = node.outputs as readonly [Tensor];
  if (!movements.has(node.spec.name) || place !== 0) return undefined;
  const passing = passingOf(output, output.shape.length - 1);
  const [passed] = passing?.passed ?? [];
  const source = node.inputs[0] as Tensor;
  if (!passing || passed?.axis !== source.shape.length - 1) return undefined;
  return { ...from, base: passing.remade([from.base, ...node.inputs.slice(1)]) };
}

const movements = new Set(["reshape", "transpose", "slice", "gather", "expand"]);
