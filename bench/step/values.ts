import type { Batch, Weight } from "./peer.ts";
import type { Parameter, Size } from "./size.ts";
import { count, layout } from "./size.ts";

/** Batches that the steps go through in turn. */
const batches = 4;

/** Uniform numbers in [0, 1) from a counter, the same on every machine. */
function uniform(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** The common weights and tokens of a size, the same wherever they are made. */
export function valuesOf(size: Size) {
  const draw = uniform();
  const parameters = layout(size);
  const initial = (path: string) => {
    if (path.endsWith(".bias")) return () => 0;
    if (path.toLowerCase().includes("norm")) return () => 1;
    return () => (draw() - 0.5) * 0.07;
  };
  const weights = new Float32Array(
    parameters.flatMap(([path, shape]) => Array.from({ length: count(shape) }, initial(path))),
  );
  const length = batches * size.batch * (size.length + 1);
  const tokens = Int32Array.from({ length }, () => Math.floor(draw() * size.vocabulary));
  return { parameters, weights, tokens };
}

/** The weights of a size, each with its path and shape, out of all values in a row. */
export function weightsOf(parameters: readonly Parameter[], values: Float32Array): Weight[] {
  let start = 0;
  return parameters.map(([path, shape]) => {
    const end = start + count(shape);
    const own = values.slice(start, end);
    start = end;
    return { path, shape, values: own };
  });
}

/** The batches of a size, out of all tokens in a row. */
export function batchesOf(size: Size, tokens: Int32Array): Batch[] {
  const row = size.length + 1;
  const rows = tokens.length / row;
  return Array.from({ length: rows / size.batch }, (_, index) => {
    const pick = (offset: number) =>
      Int32Array.from({ length: size.batch * size.length }, (__, at) => {
        const line = index * size.batch + Math.floor(at / size.length);
        return tokens[line * row + (at % size.length) + offset]!;
      });
    return { ids: pick(0), labels: pick(1) };
  });
}
