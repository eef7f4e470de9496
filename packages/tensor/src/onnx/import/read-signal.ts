import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { hostTensor } from "../../host.ts";
import { axisProduct } from "../../ops/axis-product.ts";
import { add, cast, gather, mul, pad, reshape, slice, stack, sub } from "../../ops/index.ts";
import { elementNumber } from "./element-types.ts";
import type { OnnxNode, ReaderTable } from "./onnx-node.ts";

/** A window as a sum of cosines of multiples of the angle. */
function cosines(factors: readonly number[]): (node: OnnxNode) => Tensor {
  return (node) => {
    const size = node.value(0);
    const steps = node.int("periodic", 1) === 1 ? size : size - 1;
    const values = Array.from({ length: size }, (_, i) =>
      factors.reduce((sum, factor, k) => sum + factor * Math.cos((2 * Math.PI * k * i) / steps), 0),
    );
    const type = node.int("output_datatype", elementNumber("float32"));
    return node.as(constant(hostTensor(values)), type);
  };
}

/** Rows of cosines and of sines, one a frequency. */
function waves(length: number, count: number, sign: number): [cos: number[][], sin: number[][]] {
  const rows = (wave: (angle: number) => number): number[][] =>
    Array.from({ length: count }, (_, k) =>
      Array.from({ length }, (_, i) => wave((2 * Math.PI * ((k * i) % length)) / length)),
    );
  return [rows(Math.cos), rows((angle) => sign * Math.sin(angle))];
}

/** What a transform of Fourier's is to give. */
interface Transform {
  readonly axis: number;
  readonly length: number;
  readonly isOneSided: boolean;
  readonly isInverse: boolean;
}

/** Fourier's transform along an axis by its matrix; the last axis of x and y holds the real and imaginary part. */
function fourier(x: Tensor, { axis, length, isOneSided, isInverse }: Transform): Tensor {
  const count = isOneSided ? Math.floor(length / 2) + 1 : length;
  const [cosine, sine] = waves(length, count, isInverse ? 1 : -1);
  const last = x.shape.length - 1;
  const size = x.shape[axis] as number;
  const none = x.shape.map(() => 0);
  const cutShort = size > length ? slice(x, [0], [length], { axes: [axis] }) : x;
  const fitted =
    size < length ? pad(x, { before: none, after: none.with(axis, length - size) }) : cutShort;
  const part = (i: number): Tensor =>
    reshape(slice(fitted, [i], [i + 1], { axes: [last] }), fitted.shape.slice(0, -1));
  const real = part(0);
  let [re, im] = [axisProduct(real, cosine, axis), axisProduct(real, sine, axis)];
  if (x.shape[last] === 2) {
    const imaginary = part(1);
    re = sub(re, axisProduct(imaginary, sine, axis));
    im = add(im, axisProduct(imaginary, cosine, axis));
  }
  const y = stack([re, im], -1);
  return isInverse ? mul(y, 1 / length) : y;
}

function transformed(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const rank = x.shape.length;
  const given = node.optionalValues(2)?.[0] ?? node.int("axis", node.around.opset < 20 ? 1 : -2);
  const axis = given < 0 ? given + rank : given;
  return fourier(x, {
    axis,
    length: node.optionalValues(1)?.[0] ?? (x.shape[axis] as number),
    isOneSided: node.int("onesided", 0) === 1,
    isInverse: node.int("inverse", 0) === 1,
  });
}

/** Transforms of windows of a signal. `[B, L, 1] -> [B, frames, frequencies, 2]` */
function transformedShortly(node: OnnxNode): Tensor {
  const signal = node.tensor(0);
  const [batch, size, parts] = signal.shape as [number, number, number?];
  const step = node.value(1);
  const window = node.optional(2);
  const length = node.optionalValues(3)?.[0] ?? (window?.shape[0] as number);
  const frames = Math.floor((size - length) / step) + 1;
  const places = Array.from({ length: frames * length }, (_, i) => {
    return Math.floor(i / length) * step + (i % length);
  });
  const table = constant(hostTensor(places, [frames, length], "int32"));
  const cut = gather(reshape(signal, [batch, size, parts ?? 1]), table, 1);
  const weighted = window ? mul(cut, reshape(cast(window, cut.dtype), [length, 1])) : cut;
  const isOneSided = node.int("onesided", 1) === 1;
  return fourier(weighted, { axis: 2, length, isOneSided, isInverse: false });
}

/** Triangles over frequencies, evenly spaced as the ear hears them (O'Shaughnessy 1987). */
function melWeights(node: OnnxNode): Tensor {
  const [bins, length, rate, low, high] = [0, 1, 2, 3, 4].map((i) => node.value(i)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const mel = (frequency: number): number => 2595 * Math.log10(1 + frequency / 700);
  const step = (mel(high) - mel(low)) / (bins + 2);
  const edges = Array.from({ length: bins + 2 }, (_, i) => {
    const frequency = 700 * (10 ** ((mel(low) + i * step) / 2595) - 1);
    return Math.floor(((length + 1) * frequency) / rate);
  });
  const rows = Math.floor(length / 2) + 1;
  const values = Array.from({ length: rows }, (_, place) =>
    Array.from({ length: bins }, (_, bin) => {
      const [from, top, to] = edges.slice(bin, bin + 3) as [number, number, number];
      if (place === top) return 1;
      if (place >= from && place < top) return (place - from) / (top - from);
      return place > top && place < to ? (to - place) / (to - top) : 0;
    }),
  );
  const type = node.int("output_datatype", elementNumber("float32"));
  return node.as(constant(hostTensor(values.flat(), [rows, bins])), type);
}

/** What comes before models of sound. */
export const signalReaders: ReaderTable = {
  BlackmanWindow: cosines([0.42, -0.5, 0.08]),
  DFT: transformed,
  HammingWindow: cosines([25 / 46, -21 / 46]),
  HannWindow: cosines([0.5, -0.5]),
  MelWeightMatrix: melWeights,
  STFT: transformedShortly,
};
