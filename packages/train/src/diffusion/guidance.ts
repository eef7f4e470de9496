import type { Denoise, Denoised } from "./sampling.ts";

/**
 * Classifier-free guidance (Ho and Salimans 2022, eq. 6, in the scale of which 1 leaves the condition as it is): what
 * is said without the condition, plus the scale times what the condition changes. Variances are the condition's.
 */
export function guided(withCondition: Denoise, without: Denoise, scale: number): Denoise {
  if (scale === 1) return withCondition;
  return async (noised, time): Promise<Denoised> => {
    const own = await withCondition(noised, time);
    const free = await without(noised, time);
    return { ...own, said: guidedValues(own.said, free.said, scale) };
  };
}

/** What is said with and without a condition, put together. */
export function guidedValues(
  withCondition: ArrayLike<number>,
  without: ArrayLike<number>,
  scale: number,
): Float64Array {
  return Float64Array.from(withCondition, (value, i) => {
    const free = without[i] as number;
    return free + scale * (value - free);
  });
}
