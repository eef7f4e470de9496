// B batch, T length, H heads, G heads of keys and values, K width of a head

import { dims, expand, QuireError, reshape, type Tensor, transpose } from "@quire/tensor";

/** How attention's width is divided. */
export interface Heads {
  /** Heads of queries. */
  readonly count: number;
  /** Heads of keys and values, each shared by as many heads of queries (Ainslie et al. 2023); as many unless said. */
  readonly keyValue?: number;
  /** Width of a head; the whole width / count unless said. */
  readonly width?: number;
}

/**
 * The numbers that heads stand for.
 *
 * @throws QuireError when the width or the heads do not divide.
 */
export function headSizes(width: number, heads: number | Heads): Required<Heads> {
  const given = typeof heads === "number" ? { count: heads } : heads;
  const { count, keyValue = count, width: size = width / count } = given;
  if (!Number.isInteger(size) || size < 1) {
    throw new QuireError(
      `Attention: the width ${width} does not divide into ${count} heads; change one, or give the heads' width.`,
    );
  }
  if (!Number.isInteger(count / keyValue)) {
    throw new QuireError(
      `Attention: ${count} heads of queries do not share ${keyValue} heads of keys evenly; change one.`,
    );
  }
  return { count, keyValue, width: size };
}

/** Takes the heads of a row apart. `[B, T, H K] -> [B, H, T, K]` */
export function toHeads(x: Tensor, heads: number): Tensor {
  const { B, T, D } = dims(x, "B T D");
  return transpose(reshape(x, [B, T, heads, D / heads]), [0, 2, 1, 3]);
}

/** Each head of keys or values as often as heads of queries share it. `[B, G, T, K] -> [B, H, T, K]` */
export function repeatHeads(x: Tensor, heads: number): Tensor {
  const { B, G, T, K } = dims(x, "B G T K");
  if (G === heads) return x;
  const times = expand(reshape(x, [B, G, 1, T, K]), [B, G, heads / G, T, K]);
  return reshape(times, [B, heads, T, K]);
}
