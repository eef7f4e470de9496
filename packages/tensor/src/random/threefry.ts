/**
 * One block of Threefry-2x32 with 20 rounds: writes two 32-bit words to `out`, from a key and a counter of
 * two words each.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 4.2.
 */
export function threefry(
  key0: number,
  key1: number,
  c0: number,
  c1: number,
  out: Uint32Array,
): void {
  const key2 = key0 ^ key1 ^ 0x1bd11bda;
  let x0 = (c0 + key0) | 0;
  let x1 = (c1 + key1) | 0;
  let a = key1;
  let b = key2;
  let c = key0;
  for (let injection = 1; injection <= 5; injection++) {
    const odd = (injection & 1) === 1;
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (odd ? rotate(x1, 13) : rotate(x1, 17));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (odd ? rotate(x1, 15) : rotate(x1, 29));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (odd ? rotate(x1, 26) : rotate(x1, 16));
    x0 = (x0 + x1) | 0;
    x1 = x0 ^ (odd ? rotate(x1, 6) : rotate(x1, 24));
    x0 = (x0 + a) | 0;
    x1 = (x1 + b + injection) | 0;
    const first = a;
    a = b;
    b = c;
    c = first;
  }
  out[0] = x0;
  out[1] = x1;
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
