import { stepBetween, type TimeStep } from "./time-step.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the time between steps is counted in: what a calendar must tell apart. */
export type TimeUnit = "second" | "minute" | "hour" | "day" | "week" | "month";

/** The unit of a step; of an irregular series, of the time that mostly lies between two rows. */
export function unitOf(step: TimeStep): TimeUnit {
  if (step.unit === "month") return "month";
  const { length } = step;
  if (length % (7 * DAY) === 0) return "week";
  if (length >= DAY) return "day";
  if (length >= HOUR) return "hour";
  return length >= MINUTE ? "minute" : "second";
}

/** After how many steps a usual season comes again: a day of hours, a week of days, a year of months; 1 where none does. */
export function seasonOf(step: TimeStep): number {
  const whole = (period: number): number | undefined => {
    const count = period / step.length;
    return Number.isInteger(count) && count > 1 ? count : undefined;
  };
  if (step.unit === "month") return whole(12) ?? 1;
  if (step.length % (7 * DAY) === 0) return step.length === 7 * DAY ? 52 : 1;
  if (step.length === DAY) return 7;
  return (step.length < DAY ? whole(DAY) : undefined) ?? whole(HOUR) ?? 1;
}

/** The step that most times follow the one before by. */
export function usualStep(times: ArrayLike<number>): TimeStep {
  const counts = new Map<string, { readonly step: TimeStep; count: number }>();
  for (let i = 1; i < times.length; i++) {
    const step = stepBetween(times[i - 1] as number, times[i] as number);
    const key = `${step.length} ${step.unit}`;
    const entry = counts.get(key) ?? { step, count: 0 };
    counts.set(key, entry);
    entry.count++;
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.step ?? { length: DAY, unit: "millisecond" };
}

/**
 * The times that go on after a series. Where days follow days and none was ever a Saturday or a Sunday, none will be.
 */
export function timesAfter(times: ArrayLike<number>, count: number): Float64Array {
  const step = usualStep(times);
  const skipsWeekends =
    step.unit === "millisecond" && step.length === DAY && !Array.from(times).some(isWeekend);
  const after = new Float64Array(count);
  const last = times[times.length - 1] as number;
  // Months are counted from the last time that is known, so that ends of months stay ends.
  let [done, ahead] = [0, 1];
  while (done < count) {
    const time =
      step.unit === "month" ? monthsAfter(last, ahead * step.length) : last + ahead * step.length;
    ahead++;
    if (skipsWeekends && isWeekend(time)) continue;
    after[done++] = time;
  }
  return after;
}

function isWeekend(time: number): boolean {
  return [0, 6].includes(new Date(time).getUTCDay());
}

function monthsAfter(time: number, months: number): number {
  const date = new Date(time);
  const lastOf = (year: number, month: number): number =>
    new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const wanted = day === lastOf(year, month) ? 31 : day;
  const kept = Math.min(wanted, lastOf(year, month + months));
  return Date.UTC(year, month + months, kept) + (time - Date.UTC(year, month, day));
}

/** How many numbers a calendar says of a time. */
export const CALENDAR_FIELDS = 8;

/**
 * What the calendar says of times, in UTC: month from 1, day of the month from 1, day of the week from 0 (Monday),
 * hour, minute, second, day of the year from 1, ISO week from 1. `[T] -> [T, 8]`
 */
export function calendarOf(times: ArrayLike<number>): Float32Array {
  const fields = new Float32Array(times.length * CALENDAR_FIELDS);
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    const date = new Date(time);
    const weekday = (date.getUTCDay() + 6) % 7;
    const dayOfYear = Math.floor((time - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY) + 1;
    fields.set(
      [
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        weekday,
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        dayOfYear,
        isoWeek(time, weekday),
      ],
      i * CALENDAR_FIELDS,
    );
  }
  return fields;
}

/** ISO 8601: a week belongs to the year that its Thursday is in. */
function isoWeek(time: number, weekday: number): number {
  const thursday = time + (3 - weekday) * DAY;
  const start = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  return Math.floor((thursday - start) / (7 * DAY)) + 1;
}
