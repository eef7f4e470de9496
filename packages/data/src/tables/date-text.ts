/** Which of `03/04/2024` comes first. */
export type DateOrder = "day-first" | "month-first";

const iso = /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?$/;
const ordered = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})$/;
const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*$/i;

/**
 * The milliseconds since 1970 that a text of a date means, or undefined. It is ISO 8601 (`2024-01-31`,
 * `2024/1/31 06:30`, `2024-01`), or day, month and year in the given order; `31.1.2024` always starts with the
 * day. A time without a zone is taken as UTC.
 */
export function parseDate(text: string, order: DateOrder | undefined): number | undefined {
  const end = text.search(/[T ]/);
  const day = parseDay(end < 0 ? text : text.slice(0, end), order);
  if (day === undefined || end < 0) return day;
  const time = parseClock(text.slice(end + 1));
  return time === undefined ? undefined : day + time;
}

function parseDay(text: string, order: DateOrder | undefined): number | undefined {
  const first = iso.exec(text);
  if (first) return utc(Number(first[1]), Number(first[2]), Number(first[3] ?? 1));
  const found = ordered.exec(text);
  if (!found) return undefined;
  const [one, two, year] = [Number(found[1]), Number(found[3]), Number(found[4])];
  if (found[2] === "." || order === "day-first") return utc(year, two, one);
  return order === "month-first" ? utc(year, one, two) : undefined;
}

function utc(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  return Date.UTC(year, month - 1, day);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function parseClock(text: string): number | undefined {
  const found = clock.exec(text);
  if (!found) return undefined;
  const [hours, minutes, seconds] = [found[1], found[2], found[3] ?? 0].map(Number);
  if ((hours as number) > 23 || (minutes as number) > 59 || (seconds as number) > 59) {
    return undefined;
  }
  const fraction = found[4] === undefined ? 0 : Number(`0.${found[4]}`) * 1000;
  const time = (hours as number) * 3_600_000 + (minutes as number) * 60_000;
  return time + (seconds as number) * 1000 + Math.round(fraction) - zoneOf(found[5]);
}

function zoneOf(zone: string | undefined): number {
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "");
  if (!found) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return (found[1] === "-" ? -minutes : minutes) * 60_000;
}

/**
 * The order of the days and months of a sample such as `31/01/2024`: a number above 12 must be the day.
 * Undefined where no value tells, or where values contradict each other.
 */
export function detectDateOrder(cells: Iterable<string>): DateOrder | undefined {
  let dayFirst = false;
  let monthFirst = false;
  for (const cell of cells) {
    const found = /^(\d{1,2})([/-])(\d{1,2})\2\d{4}(?=$|[T ])/.exec(cell);
    if (!found) continue;
    dayFirst ||= Number(found[1]) > 12;
    monthFirst ||= Number(found[3]) > 12;
  }
  if (dayFirst === monthFirst) return undefined;
  return dayFirst ? "day-first" : "month-first";
}
