import { meanOf, spreadOf } from "@quire/papers";

/** A share as a percentage: 0.9712 -> `97.1 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Mean and spread of shares: `97.1 ± 0.3 %`. */
export function percentOver(shares: readonly number[]): string {
  const mean = (100 * meanOf(shares)).toFixed(1);
  return shares.length < 2 ? `${mean} %` : `${mean} ± ${(100 * spreadOf(shares)).toFixed(1)} %`;
}

/** A count with commas: 1234567 -> `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A count as papers print it: 3763659 -> `3.76 M`. */
export function short(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : String(value);
}

/** A stretch of time: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
