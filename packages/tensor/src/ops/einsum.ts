import type { Tensor } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";
import { mul } from "./arithmetic.ts";
import { type Operand, toTensors } from "./define.ts";
import { readEquation } from "./equation.ts";
import { matmul } from "./linalg.ts";
import { reshape, transpose } from "./movement.ts";
import { sum } from "./reduce.ts";
import { slice } from "./slice.ts";

type Labels = readonly string[];

/** A tensor with a label an axis. */
interface Term {
  readonly tensor: Tensor;
  readonly labels: Labels;
}

/**
 * Sums products of elements over the letters that the output leaves out (Einstein's convention): letters name
 * axes, a letter twice in an operand its diagonal, `...` broadcasts. `einsum("bij,bjk->bik", a, b)`
 *
 * @throws ShapeError when the equation cannot be read or does not fit the operands.
 */
export function einsum(equation: string, ...operands: readonly Operand[]): Tensor {
  const tensors = toTensors(operands);
  const { operands: labels, output, sizes } = readEquation(equation, tensors);
  const [first, ...rest] = tensors.map((tensor, i) =>
    distinct(dropRepeated({ tensor, labels: labels[i] as Labels }, sizes)),
  ) as [Term, ...Term[]];
  let product = first;
  rest.forEach((term, i) => {
    const later = new Set([...output, ...rest.slice(i + 1).flatMap((other) => other.labels)]);
    product = multiply(sumOut(product, later, term), sumOut(term, later, product), later, output);
  });
  return arrange(sumOut(product, new Set(output)), output);
}

/** Without the axes of size 1 that broadcasting repeats. */
function dropRepeated({ tensor, labels }: Term, sizes: ReadonlyMap<string, number>): Term {
  const isKept = labels.map((label, axis) => tensor.shape[axis] === sizes.get(label));
  return {
    tensor: reshape(
      tensor,
      tensor.shape.filter((_, axis) => isKept[axis]),
    ),
    labels: labels.filter((_, axis) => isKept[axis]),
  };
}

/** Takes the diagonal of axes of one label, until each label is there once. */
function distinct(term: Term): Term {
  const { tensor, labels } = term;
  const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (second === -1) return term;
  const label = labels[second] as string;
  const rest = labels.filter((other) => other !== label);
  const axes = labels.flatMap((other, axis) => (other === label ? [axis] : []));
  const others = labels.flatMap((other, axis) => (other === label ? [] : [axis]));
  const size = tensor.shape[second] as number;
  const together = transpose(tensor, [...others, ...axes]);
  const lead = together.shape.slice(0, rest.length);
  const length = size ** axes.length;
  const flat = reshape(together, [...lead, length]);
  // Neighbours on the diagonal are one apart along every axis: 1 + size + size² + ...
  const step = axes.reduce((total) => total * size + 1, 0);
  const diagonal = slice(flat, [0], [length], { axes: [rest.length], steps: [step] });
  return { tensor: diagonal, labels: [...rest, label] };
}

/** Sums over the labels that are not needed later, nor by the term it is to be multiplied with. */
function sumOut(term: Term, needed: ReadonlySet<string>, other?: Term): Term {
  const isNeeded = (label: string): boolean =>
    needed.has(label) || (other?.labels.includes(label) ?? false);
  const axes = term.labels.flatMap((label, axis) => (isNeeded(label) ? [] : [axis]));
  if (axes.length === 0) return term;
  return { tensor: sum(term.tensor, { axes }), labels: term.labels.filter(isNeeded) };
}

/** The tensor with its axes in the order of the labels. */
function arrange({ tensor, labels }: Term, order: Labels): Tensor {
  return transpose(
    tensor,
    order.map((label) => labels.indexOf(label)),
  );
}

/** The product of two terms, summed over the labels of both that are not needed later. */
function multiply(a: Term, b: Term, later: ReadonlySet<string>, output: Labels): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const isSummed = shared.some((label) => !later.has(label));
  return isSummed ? cheapestPlan(a, b, later, output) : spreadProduct(a, b, output);
}

/** The product without a sum, by broadcasting, in the order of the output where that has all labels. */
function spreadProduct(a: Term, b: Term, output: Labels): Term {
  const all = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))];
  const isLast = all.length === output.length;
  const labels = isLast ? output : all;
  const [left, right] = [a, b].map((term) => {
    const order = labels.filter((label) => term.labels.includes(label));
    const arranged = arrange(term, order);
    const sizes = labels.map((label) => arranged.shape[order.indexOf(label)] ?? 1);
    return reshape(arranged, sizes);
  }) as [Tensor, Tensor];
  return { tensor: mul(left, right), labels };
}

/** Orders of labels by their part in a product of matrices. */
interface Plan {
  /** Labels of both that stay. */
  readonly batch: Labels;
  /** Labels of both that are summed over. */
  readonly inner: Labels;
  /** Labels of the left operand alone. */
  readonly rows: Labels;
  /** Labels of the right operand alone. */
  readonly columns: Labels;
}

/** The product of matrices that takes the fewest transposes, the one to the output's order included. */
function cheapestPlan(a: Term, b: Term, later: ReadonlySet<string>, output: Labels): Term {
  const candidates = [...plans(a, b, later, output), ...plans(b, a, later, output)];
  const costs = candidates.map(({ left, right, plan }) => {
    const isDirect = same([...plan.batch, ...plan.rows, ...plan.columns], output);
    return (
      Number(!matrixForm(left.labels, plan.batch, plan.rows, plan.inner)) +
      Number(!matrixForm(right.labels, plan.batch, plan.inner, plan.columns)) +
      Number(!isDirect)
    );
  });
  const best = candidates[costs.indexOf(Math.min(...costs))] as (typeof candidates)[number];
  return productBy(best.left, best.right, best.plan);
}

/** The plans worth considering: each part in the order of an operand or of the output. */
function plans(left: Term, right: Term, later: ReadonlySet<string>, output: Labels) {
  const [a, b] = [left.labels, right.labels];
  const isBatch = (label: string): boolean => b.includes(label) && later.has(label);
  const isInner = (label: string): boolean => b.includes(label) && !later.has(label);
  const inOrderOf = (order: Labels, labels: Labels): Labels =>
    order.filter((label) => labels.includes(label));
  /** The orders of labels that stand so in one of the lists; where a list lacks some, it says nothing. */
  const orders = (labels: Labels, ...lists: Labels[]): Labels[] => {
    const full = lists.map((list) => inOrderOf(list, labels));
    return full.filter((order) => order.length === labels.length);
  };
  const [batch, inner] = [a.filter(isBatch), a.filter(isInner)];
  const rows = a.filter((label) => !b.includes(label));
  const columns = b.filter((label) => !a.includes(label));
  return orders(batch, a, b, output).flatMap((batch) =>
    orders(inner, a, b).flatMap((inner) =>
      orders(rows, a, output).flatMap((rows) =>
        orders(columns, b, output).map((columns) => ({
          left,
          right,
          plan: { batch, inner, rows, columns } satisfies Plan,
        })),
      ),
    ),
  );
}

function same(a: Labels, b: Labels): boolean {
  return a.length === b.length && a.every((label, i) => label === b[i]);
}

/** Whether labels stand as batch, rows and columns, or with the last two exchanged; neither without a transpose. */
function matrixForm(
  labels: Labels,
  batch: Labels,
  rows: Labels,
  columns: Labels,
): "plain" | "transposed" | undefined {
  if (same(labels, [...batch, ...rows, ...columns])) return "plain";
  return same(labels, [...batch, ...columns, ...rows]) ? "transposed" : undefined;
}

function productBy(left: Term, right: Term, { batch, inner, rows, columns }: Plan): Term {
  const sizes = (labels: Labels): number[] =>
    labels.map((label) => {
      const axis = left.labels.indexOf(label);
      return axis === -1
        ? (right.tensor.shape[right.labels.indexOf(label)] as number)
        : (left.tensor.shape[axis] as number);
    });
  const count = (labels: Labels): number => sizeOf(sizes(labels));
  const matrices = (term: Term, from: Labels, to: Labels): [Tensor, boolean] => {
    const isTransposed = matrixForm(term.labels, batch, from, to) === "transposed";
    const [first, second] = isTransposed ? [to, from] : [from, to];
    const arranged = arrange(term, [...batch, ...first, ...second]);
    return [reshape(arranged, [...sizes(batch), count(first), count(second)]), isTransposed];
  };
  const [a, transposeA] = matrices(left, rows, inner);
  const [b, transposeB] = matrices(right, inner, columns);
  const labels = [...batch, ...rows, ...columns];
  return { tensor: reshape(matmul(a, b, { transposeA, transposeB }), sizes(labels)), labels };
}
