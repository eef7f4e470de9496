// B batch, L context, C channels, N patches, P patch

import {
  add,
  div,
  mean,
  mul,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  unfold,
} from "@quire/tensor";

/** Of a window's variance: what keeps a channel that never changes from being divided by 0. */
const EPSILON = 1e-5;

/** A window's own level and size, channel by channel, `[B, 1, C]` each. */
export interface WindowScale {
  readonly mean: Tensor;
  readonly deviation: Tensor;
}

/// Section 3.2: each window is scaled by itself and the forecast is scaled back, so that a level that has moved since
/// the training does not matter (reversible instance normalisation, without its learned scale and shift).
/** The level and size of each channel over the past. `[B, L, C]` */
export function scaleOfWindow(past: Tensor): WindowScale {
  const level = mean(past, { axes: [1], keepDims: true });
  const variance = mean(square(sub(past, level)), { axes: [1], keepDims: true });
  return { mean: level, deviation: sqrt(add(variance, EPSILON)) };
}

/** Values as their window's scale has them. `[B, T, C] -> [B, T, C]` */
export function scaled(x: Tensor, { mean: level, deviation }: WindowScale): Tensor {
  return div(sub(x, level), deviation);
}

/** Scaled values in the units that the window came in. `[B, T, C] -> [B, T, C]` */
export function unscaled(x: Tensor, { mean: level, deviation }: WindowScale): Tensor {
  return add(mul(x, deviation), level);
}

/** The scale of the first channels alone. */
export function firstChannels({ mean: level, deviation }: WindowScale, count: number): WindowScale {
  const of = (x: Tensor): Tensor => slice(x, [0], [count], { axes: [2] });
  return { mean: of(level), deviation: of(deviation) };
}

/** How a past is cut. */
export interface PatchSizes {
  readonly patch: number;
  readonly stride: number;
}

/** How many patches a past has; what is left over is its oldest steps. */
export function patchCount(context: number, { patch, stride }: PatchSizes): number {
  return Math.floor((context - patch) / stride) + 1;
}

/** Cuts each channel into patches, the newest of which ends where the past ends. `[B, L, C] -> [B, C, N, P]` */
export function patchesOf(past: Tensor, sizes: PatchSizes): Tensor {
  const [B, L, C] = past.shape as [number, number, number];
  const { patch, stride } = sizes;
  const N = patchCount(L, sizes);
  const used = patch + stride * (N - 1);
  const channels = transpose(slice(past, [L - used], [L], { axes: [1] }), [0, 2, 1]);
  if (stride === patch) return reshape(channels, [B, C, N, patch]);
  const columns = unfold(reshape(channels, [B, C, 1, used]), {
    ...{ kernel: [1, patch], stride: [1, stride] },
  });
  return transpose(reshape(columns, [B, C, patch, N]), [0, 1, 3, 2]);
}
