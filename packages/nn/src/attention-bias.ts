// H heads, T queries, S keys

import { constant, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";

/** What attention tells its bias: how many heads, queries and keys there are. */
export interface AttentionSizes {
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

/**
 * Says which keys a query may see, or how much it favours them; a module if it learns. A bool tensor is true
 * where attending is allowed, a floating-point one is added to the scaled products. `-> [H, T, S]`, or what
 * broadcasts to it.
 */
export interface AttentionBias {
  forward(sizes: AttentionSizes): Tensor;
}

/**
 * Favours near keys: minus their distance times a slope of each head's own, 2^(-8/H), 2^(-16/H), ... (Press et
 * al. 2022, section 3). `-> [H, T, S]`
 */
export const alibi: AttentionBias = {
  forward: (sizes) =>
    constant(
      filled(sizes, sizes.heads, (head, distance) => {
        const slope = 2 ** ((-8 * (head + 1)) / sizes.heads);
        return -slope * Math.abs(distance);
      }),
    ),
};

/** Lets a query see the keys at most `radius` places away (Beltagy et al. 2020, section 3.1). `-> [1, T, S]` */
export function localWindow(radius: number): AttentionBias {
  return {
    forward: (sizes) => {
      const near = filled(sizes, 1, (_, distance) => Number(Math.abs(distance) <= radius));
      return constant(hostTensor(Uint8Array.from(near.data), near.shape, "bool"));
    },
  };
}

/** A value for each head, query and key, from the places between them; the last query is level with the last key. */
function filled(
  { queries, keys }: AttentionSizes,
  heads: number,
  value: (head: number, distance: number) => number,
): HostTensor<"float32"> {
  const data = new Float32Array(heads * queries * keys);
  let at = 0;
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      for (let key = 0; key < keys; key++) data[at++] = value(head, key - query - keys + queries);
    }
  }
  return hostTensor(data, [heads, queries, keys], "float32");
}
