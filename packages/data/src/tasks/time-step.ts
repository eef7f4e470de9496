import { counted } from "../counted.ts";

/** The distance between two times of a regular series. */
export interface TimeStep {
  /** Months where `unit` is month, milliseconds otherwise. */
  readonly length: number;
  readonly unit: "month" | "millisecond";
}

const DAY = 86_400_000;

const units: readonly (readonly [string, number])[] = [
  ["day", DAY],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
  ["millisecond", 1],
];

/** The step between two times: whole months where both are the same time of the month, else what lies between. */
export function stepBetween(from: number, to: number): TimeStep {
  const months = monthsBetween(from, to);
  if (months !== undefined && months > 0) return { length: months, unit: "month" };
  return { length: to - from, unit: "millisecond" };
}

/** Whether `to` follows `from` by a step. */
export function follows(from: number, to: number, step: TimeStep): boolean {
  if (step.unit === "millisecond") return to - from === step.length;
  return monthsBetween(from, to) === step.length;
}

/** A step as a person says it: `1 day`, `15 minutes`, `3 months`. */
export function stepText({ length, unit }: TimeStep): string {
  if (unit === "month") {
    return length % 12 === 0 ? counted(length / 12, "year") : counted(length, "month");
  }
  const [name, size] = units.find(([, each]) => length % each === 0) ?? ["millisecond", 1];
  return counted(length / size, name);
}

/** Whole months between two times on the same day of the month, or on the last days of theirs. */
function monthsBetween(from: number, to: number): number | undefined {
  if ((to - from) % DAY !== 0) return undefined;
  const [one, two] = [new Date(from), new Date(to)];
  const same = one.getUTCDate() === two.getUTCDate();
  if (!same && !(isLastDay(from) && isLastDay(to))) return undefined;
  return 12 * (two.getUTCFullYear() - one.getUTCFullYear()) + two.getUTCMonth() - one.getUTCMonth();
}

function isLastDay(time: number): boolean {
  return new Date(time + DAY).getUTCDate() === 1;
}
