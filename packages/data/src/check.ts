import { DataError } from "./errors.ts";

/** Returns a value that must be a whole number of at least `low`; `name` says whose it is. */
export function checkWhole(name: string, value: number, low: number): number {
  if (Number.isSafeInteger(value) && value >= low) return value;
  throw new DataError(`${name} must be a whole number from ${low}, got ${value}.`);
}

/** Returns a value that must lie between two numbers or on one of them; `name` says whose it is. */
export function checkRange(name: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  throw new DataError(`${name} must be from ${low} to ${high}, got ${value}.`);
}
