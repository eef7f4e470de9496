import type { DType } from "../dtype.ts";
import { QuireError, ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { type Shape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { mul } from "./arithmetic.ts";
import { type Operand, requireClass, toTensor } from "./define.ts";
import { cast, full, zerosLike } from "./select.ts";

/**
 * How random bits are made. Values stand in rows of at most `COLUMNS`; the one in row i and column j is
 * `(a[i] + b[j]) (2 c[i] + (d[j] | 1))` modulo 2³², where a, b, c and d are stretches of one table in which every
 * entry is a hash of the key and its place. The odd factor keeps every value equally likely, and three passes over
 * whole tensors cost a sixth of what hashing each element costs.
 */
const COLUMNS = 1024;
const PLACE_FACTORS = [0x9e3779b9, 0x85ebca6b] as const;
const PLACE_OFFSET = 0x632be5ab;
const MIX_SHIFTS = [16, 15, 16] as const;
const MIX_FACTORS = [0x7feb352d, 0x846ca68b] as const;

/** A bijection of uint32 in which every input bit moves every output bit. */
function mixed(emit: Emit, words: string): string {
  return MIX_SHIFTS.reduce((x, shift, round) => {
    const bits = emit.scalar(shift, "uint32");
    const shifted = emit.one("BitShift", [x, bits], { direction: "RIGHT" });
    const folded = emit.one("BitwiseXor", [x, shifted]);
    const factor = MIX_FACTORS[round];
    return factor === undefined ? folded : emit.one("Mul", [folded, emit.scalar(factor, "uint32")]);
  }, words);
}

/** uint32 hashes of a key and the places 0 to `length`. */
function hashTable(emit: Emit, key: string, length: number): string {
  const ends = [0, length, 1].map((value) => emit.scalar(value, "int32"));
  const place = emit.cast(emit.one("Range", ends), "uint32");
  const [seed, counter] = emit.many("Split", [emit.cast(key, "uint32")], 2, { num_outputs: 2 });
  const moved = PLACE_FACTORS.map((factor) =>
    emit.one("Mul", [place, emit.scalar(factor, "uint32")]),
  ) as [string, string];
  const offset = emit.one("Add", [moved[1], emit.scalar(PLACE_OFFSET, "uint32")]);
  const left = emit.one("Add", [seed as string, moved[0]]);
  const right = emit.one("Add", [counter as string, offset]);
  return mixed(emit, emit.one("Mul", [left, right]));
}

/** Draws of a shape: `finish` turns uint32 bits into values of the distribution. */
function drawn(emit: Emit, key: string, shape: Shape, finish: (bits: string) => string): string {
  const count = sizeOf(shape);
  const columns = Math.min(count, COLUMNS);
  const rows = Math.ceil(count / columns);
  const table = hashTable(emit, key, 2 * (rows + columns));
  const parts = emit.sizes([rows, columns, rows, columns]);
  const [a, b, c, d] = emit.many("Split", [table, parts], 4) as [string, string, string, string];
  const upright = (row: string): string => emit.one("Reshape", [row, emit.sizes([rows, 1])]);
  const even = emit.one("Mul", [c, emit.scalar(2, "uint32")]);
  const odd = emit.one("BitwiseOr", [d, emit.scalar(1, "uint32")]);
  const sum = emit.one("Add", [upright(a), b]);
  const values = finish(emit.one("Mul", [sum, emit.one("Add", [upright(even), odd])]));
  const whole = rows * columns === count ? values : trimmed(emit, values, count);
  return emit.one("Reshape", [whole, emit.sizes(shape)]);
}

/** The first `count` values in row-major order. */
function trimmed(emit: Emit, values: string, count: number): string {
  const flat = emit.one("Reshape", [values, emit.sizes([-1])]);
  return emit.one("Slice", [flat, emit.sizes([0]), emit.sizes([count])]);
}

/** (bits >> 8 + offset) / 2²⁴: exact in float32. */
function unitInterval(emit: Emit, bits: string, offset: number): string {
  const top = emit.one("BitShift", [bits, emit.scalar(8, "uint32")], { direction: "RIGHT" });
  const whole = emit.cast(top, "float32");
  const scaled = emit.one("Mul", [whole, emit.scalar(2 ** -24, "float32")]);
  return offset === 0
    ? scaled
    : emit.one("Add", [scaled, emit.scalar(offset * 2 ** -24, "float32")]);
}

type DrawAttributes = { readonly shape: Shape; readonly probability: number | undefined };

/** What differs from row to row of a distribution: its values from bits. */
function distribution(
  name: string,
  dtype: DType,
  lower: (emit: Emit, key: string, attributes: DrawAttributes) => string,
): OpSpec<DrawAttributes> {
  return {
    name,
    infer([key], { shape }) {
      const { dtype: kind, shape: sizes } = key as TensorType;
      if (kind !== "int32" || sizes.length !== 1 || sizes[0] !== 2) {
        const got = typeText(key as TensorType);
        throw new ShapeError(name, `the key must be i32[2], got ${got}; use RandomStream.next().`, [
          key as TensorType,
        ]);
      }
      return [{ shape, dtype }];
    },
    gradient: nondifferentiable("it is drawn at random"),
    lower: (emit, [key], { attributes }) => [lower(emit, key as string, attributes)],
    flops: (_, [y]) => 5 * sizeOf((y as TensorType).shape),
  };
}

/** Whole random words; `randomBits`'s row. */
export const randomBitsSpec = distribution("randomBits", "int32", (emit, key, { shape }) =>
  drawn(emit, key, shape, (bits) => emit.cast(bits, "int32")),
);

/** The uniform distribution; `randomUniform`'s row. */
export const randomUniformSpec = distribution("randomUniform", "float32", (emit, key, { shape }) =>
  drawn(emit, key, shape, (bits) => unitInterval(emit, bits, 0)),
);

/** Two outcomes; `randomBernoulli`'s row. */
export const randomBernoulliSpec = distribution(
  "randomBernoulli",
  "bool",
  (emit, key, { shape, probability }) => {
    const threshold = emit.scalar(Math.floor((probability as number) * 2 ** 32), "uint32");
    return drawn(emit, key, shape, (bits) => emit.one("Less", [bits, threshold]));
  },
);

/** The standard normal distribution, two draws from two uniform ones (Box and Muller); `randomNormal`'s row. */
export const randomNormalSpec = distribution("randomNormal", "float32", (emit, key, { shape }) => {
  const count = sizeOf(shape);
  const pairs = Math.ceil(count / 2);
  // Half a step away from 0, so that the logarithm is finite.
  const uniform = drawn(emit, key, [2, pairs], (bits) => unitInterval(emit, bits, 0.5));
  const [first, second] = emit.many("Split", [uniform], 2, { num_outputs: 2, axis: 0 });
  const logs = emit.one("Log", [first as string]);
  const radius = emit.one("Sqrt", [emit.one("Mul", [logs, emit.scalar(-2, "float32")])]);
  const angle = emit.one("Mul", [second as string, emit.scalar(2 * Math.PI, "float32")]);
  const halves = ["Cos", "Sin"].map((wave) => emit.one("Mul", [radius, emit.one(wave, [angle])]));
  const both = emit.one("Concat", halves, { axis: 0 });
  const whole = 2 * pairs === count ? both : trimmed(emit, both, count);
  return emit.one("Reshape", [whole, emit.sizes(shape)]);
});

function draw(
  spec: OpSpec<DrawAttributes>,
  key: Operand,
  shape: Shape,
  probability?: number,
): Tensor {
  const made = makeTensor(spec, [toTensor(key, "int32")], { shape, probability });
  return sizeOf(shape) === 0 ? full(shape, 0, made.dtype) : made;
}

/**
 * 32 random bits an element, as int32: new keys, seeds. The same key and shape give the same bits on every
 * machine. `key [2] -> shape`
 */
export function randomBits(key: Operand, shape: Shape): Tensor {
  return draw(randomBitsSpec, key, shape);
}

/** Draws from [0, 1), multiples of 2⁻²⁴. `key [2] -> shape` */
export function randomUniform(key: Operand, shape: Shape): Tensor {
  return draw(randomUniformSpec, key, shape);
}

/** Draws of the standard normal distribution. `key [2] -> shape` */
export function randomNormal(key: Operand, shape: Shape): Tensor {
  return draw(randomNormalSpec, key, shape);
}

/**
 * True with a probability, each element by itself, as bool. `key [2] -> shape`
 *
 * @throws QuireError when the probability is outside of [0, 1].
 */
export function randomBernoulli(key: Operand, probability: number, shape: Shape): Tensor {
  if (!(probability >= 0 && probability <= 1)) {
    throw new QuireError(`randomBernoulli: the probability must be in [0, 1], got ${probability}.`);
  }
  if (probability === 1) return full(shape, 1, "bool");
  return draw(randomBernoulliSpec, key, shape, probability);
}

/**
 * Sets each element to zero with probability `rate` and divides the others by 1 - rate, so that the mean stays.
 * The gradient passes through the same mask. `[...] -> [...]`
 *
 * @throws QuireError when the rate is outside of [0, 1].
 */
export function dropout(x: Operand, rate: number, key: Operand): Tensor {
  const tensor = toTensor(x);
  requireClass("dropout", [tensor], "float");
  if (!(rate >= 0 && rate <= 1)) {
    throw new QuireError(`dropout: the rate must be in [0, 1], got ${rate}.`);
  }
  if (rate === 0) return tensor;
  if (rate === 1) return zerosLike(tensor);
  const kept = cast(randomBernoulli(key, 1 - rate, tensor.shape), tensor.dtype);
  return mul(tensor, mul(kept, 1 / (1 - rate)));
}
