/*
 * Logarithm and exponential from sums, products and quotients alone. Those are rounded the same
 * way by every engine, while the functions of `Math` may differ in the last bit; with these, a seed gives the
 * same numbers everywhere.
 */

const view = new DataView(new ArrayBuffer(8));
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Natural logarithm of a positive number, within a few units of the last place. */
export function log(x: number): number {
  const scaled = x < 2 ** -1022 ? x * 2 ** 54 : x;
  view.setFloat64(0, scaled);
  const high = view.getUint32(0);
  let exponent = (high >>> 20) - 1023 - (scaled === x ? 0 : 54);
  view.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let k = 23; k >= 3; k -= 2) series = (series + 1 / k) * square;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * (s + s * series));
}

/** `e ** x` within a few units of the last place; 0 where the result would be below the normal numbers. */
export function exp(x: number): number {
  const power = Math.floor(x / Math.LN2 + 0.5);
  if (power < -1022) return 0;
  if (power > 1023) return Number.POSITIVE_INFINITY;
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  let series = 1;
  for (let k = 14; k >= 1; k--) series = 1 + (series * rest) / k;
  view.setUint32(0, (power + 1023) << 20);
  view.setUint32(4, 0);
  return series * view.getFloat64(0);
}
