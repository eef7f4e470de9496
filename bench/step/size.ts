/** One row of the table: the GPT's shape and its batch. */
export interface Size {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly length: number;
  readonly batch: number;
  readonly vocabulary: number;
}

/** The sizes that are measured, smallest first. */
export const sizes: readonly Size[] = [
  { width: 64, layers: 2, heads: 4, length: 64, batch: 32, vocabulary: 200 },
  { width: 128, layers: 2, heads: 4, length: 64, batch: 32, vocabulary: 500 },
  { width: 256, layers: 4, heads: 4, length: 128, batch: 16, vocabulary: 1000 },
];

/** A parameter's path and shape. */
export type Parameter = readonly [path: string, shape: readonly number[]];

/** Every parameter of the GPT, in the order in which the weights file holds them. */
export function layout({ width: D, layers, length, vocabulary: V }: Size): Parameter[] {
  const norm = (path: string): Parameter[] => [
    [`${path}.weight`, [D]],
    [`${path}.bias`, [D]],
  ];
  const linear = (path: string, outputs: number, inputs: number): Parameter[] => [
    [`${path}.weight`, [outputs, inputs]],
    [`${path}.bias`, [outputs]],
  ];
  const block = (path: string): Parameter[] => [
    ...norm(`${path}.attentionNorm`),
    ...["query", "key", "value", "output"].flatMap((name) =>
      linear(`${path}.attention.${name}`, D, D),
    ),
    ...norm(`${path}.feedForwardNorm`),
    ...linear(`${path}.feedForward.expand`, 4 * D, D),
    ...linear(`${path}.feedForward.contract`, D, 4 * D),
  ];
  return [
    ["tokens.weight", [V, D]],
    ["positions.weight", [length, D]],
    ...Array.from({ length: layers }, (_, index) => block(`blocks.${index}`)).flat(),
    ...norm("norm"),
    ["head.weight", [V, D]],
  ];
}

/** The number of elements of a shape. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Floating-point operations of one step by formula: two a multiply-add, products only, and the
 * backward pass twice the forward. Attention is counted in full, without the causal half.
 */
export function flops({ width: D, layers, length: T, batch: B, vocabulary: V }: Size): number {
  const projections = 4 * D * D + 2 * D * 4 * D;
  const attention = 2 * T * D;
  return 3 * 2 * B * T * (layers * (projections + attention) + V * D);
}
