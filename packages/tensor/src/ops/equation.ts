import { ShapeError } from "../errors.ts";
import { type TensorType, typeText } from "../shape.ts";

/** An equation of einsum read against its operands: a label an axis. An ellipsis's axes are `.1`, `.2`, from the last. */
export interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
  /** Sizes by label. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Reads `"bij,bjk->bik"`: letters for axes, `...` for any number of them, broadcast from the last. Without an
 * arrow the output has the ellipsis's axes, then the letters that occur once, in the alphabet's order.
 *
 * @throws ShapeError when the equation cannot be read or does not fit the operands.
 */
export function readEquation(text: string, types: readonly TensorType[]): Equation {
  const fail = (rule: string): never => {
    throw new ShapeError("einsum", rule, types);
  };
  const compact = text.replaceAll(" ", "");
  const [inputs, result, ...more] = compact.split("->") as [string, ...string[]];
  const terms = inputs.split(",");
  if (more.length > 0) fail(`"${text}" has more than one arrow.`);
  if (terms.length !== types.length) {
    fail(`"${text}" names ${terms.length} operands, got ${types.length}.`);
  }
  const odd = /[^a-zA-Z,]/.exec(compact.replace("->", "").replaceAll("...", ""))?.[0];
  if (odd) fail(`"${text}" holds "${odd}"; it may hold letters, commas, one "->" and "...".`);
  const operands = terms.map((term, i) => operandLabels(term, types[i] as TensorType, fail));
  const sizes = labelSizes(operands, types, fail);
  const dots = [...sizes.keys()].filter((label) => label.startsWith("."));
  const ellipsis = dots.sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const output =
    result === undefined
      ? impliedOutput(operands, ellipsis)
      : termLabels(result, ellipsis, `the output "${result}"`, fail);
  for (const label of output) {
    if (!sizes.has(label)) fail(`${label} of the output is an axis of no operand in "${text}".`);
    if (output.indexOf(label) !== output.lastIndexOf(label)) {
      fail(`the output of "${text}" names ${label} twice.`);
    }
  }
  return { operands, output, sizes };
}

type Fail = (rule: string) => never;

/** The labels of a term whose dots, if any, stand for the given ones. */
function termLabels(term: string, ellipsis: readonly string[], what: string, fail: Fail): string[] {
  const [before, after, ...more] = term.split("...") as [string, ...string[]];
  if (more.length > 0) fail(`${what} holds more than one "...".`);
  return after === undefined ? [...before] : [...before, ...ellipsis, ...after];
}

function operandLabels(term: string, type: TensorType, fail: Fail): string[] {
  const letters = term.replaceAll("...", "").length;
  const rank = type.shape.length;
  const rest = term.includes("...") ? rank - letters : 0;
  if (rest < 0 || letters + rest !== rank) {
    fail(`"${term}" names ${letters} axes, its operand ${typeText(type)} has ${rank}.`);
  }
  const ellipsis = Array.from({ length: rest }, (_, i) => `.${rest - i}`);
  return termLabels(term, ellipsis, `"${term}"`, fail);
}

/** A letter has one size; an axis of an ellipsis may be 1 in some operands. */
function labelSizes(
  operands: readonly (readonly string[])[],
  types: readonly TensorType[],
  fail: Fail,
): Map<string, number> {
  const sizes = new Map<string, number>();
  operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = types[i]?.shape[axis] as number;
      const known = sizes.get(label) ?? size;
      const mayRepeat = label.startsWith(".") && (known === 1 || size === 1);
      if (known !== size && !mayRepeat) {
        const name = label.startsWith(".") ? "an axis of the ellipsis" : label;
        fail(`sizes of ${name} differ: ${known} and ${size} in ${types.map(typeText).join(", ")}.`);
      }
      sizes.set(label, known === 1 ? size : known);
    });
  });
  return sizes;
}

function impliedOutput(
  operands: readonly (readonly string[])[],
  ellipsis: readonly string[],
): string[] {
  const all = operands.flat().filter((label) => !label.startsWith("."));
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return [...ellipsis, ...once.sort()];
}
