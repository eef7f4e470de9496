import type { HostTensor } from "@quire/tensor";
import { expect } from "vitest";

/** Compares whole tensors: shape, then every element, absolute or relative to the wanted value. */
export function expectNear(
  got: HostTensor,
  shape: readonly number[],
  wanted: readonly number[],
  tolerance = 1e-6,
): void {
  expect(got.shape).toEqual(shape);
  const values = got.toArray();
  const off = wanted.flatMap((value, i) => {
    const other = values[i] as number;
    const isClose = Math.abs(other - value) <= tolerance * Math.max(1, Math.abs(value));
    return isClose ? [] : [{ at: i, got: other, wanted: value }];
  });
  expect(values.length).toBe(wanted.length);
  expect(off.slice(0, 5), `${off.length} of ${wanted.length} differ`).toEqual([]);
}
