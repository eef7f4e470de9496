/** Which of `03/04/2024` comes first. */
export type DateOrder = "day-first" | "month-first";

const iso = /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?$/;
const ordered = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})$/;
const monthName = /^(\d{1,2}|[a-z]{3,9})[\s.-]+(\d{1,2}|[a-z]{3,9})[\s.,-]+(\d{4})$/i;
const months =
  "january february march april may june july august september october november december".split(
    " ",
  );
const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*$/i;

/**
 * The milliseconds since 1970 that a text of a date means, or undefined. It is ISO 8601 (`2024-01-31`,
 * `2024/1/31 06:30`, `2024-01`), a date with an
 * English month (`Jan 31 2024`, `31 January 2024`), or day, month and year in the given order; `31.1.2024` always starts with the
 * day. A time without a zone is taken as UTC.
 */
export function parseDate(text: string, order: DateOrder | undefined): number | undefined {
  const named = /[a-z]{3}/i.test(text) ? monthName.exec(text) : null;
  if (named) return parseNamed(named);
  const end = endOfDay(text);
  const day = parseDay(end < 0 ? text : text.slice(0, end), order);
  if (day === undefined || end < 0) return day;
  const time = parseClock(text.slice(end + 1));
  return time === undefined ? undefined : day + time;
}

function parseNamed(found: RegExpExecArray): number | undefined {
  const [first, second, year] = [found[1] as string, found[2] as string, Number(found[3])];
  const [name, day] = Number.isNaN(Number(first)) ? [first, second] : [second, first];
  const month = months.findIndex((each) => matchesMonth(name.toLowerCase(), each)) + 1;
  return utc(year, month, Number(day));
}

function matchesMonth(name: string, month: string): boolean {
  return name === month || name === month.slice(0, 3) || name === month.slice(0, 4);
}

function endOfDay(text: string): number {
  const end = text.indexOf("T");
  return end < 0 ? text.indexOf(" ") : end;
}

function parseDay(text: string, order: DateOrder | undefined): number | undefined {
  if (text.length === 10 && text[4] === "-" && text[7] === "-") {
    return utc(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
  }
  const first = iso.exec(text);
  if (first) return utc(Number(first[1]), Number(first[2]), Number(first[3] ?? 1));
  const found = ordered.exec(text);
  if (!found) return undefined;
  const [one, two, year] = [Number(found[1]), Number(found[3]), Number(found[4])];
  if (found[2] === "." || order === "day-first") return utc(year, two, one);
  return order === "month-first" ? utc(year, one, two) : undefined;
}

/** The number of the digits from one place to another, NaN where there is anything else. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    value = digit >= 0 && digit <= 9 ? 10 * value + digit : Number.NaN;
  }
  return value;
}

function utc(year: number, month: number, day: number): number | undefined {
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  return exists && !Number.isNaN(year) ? Date.UTC(year, month - 1, day) : undefined;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function parseClock(text: string): number | undefined {
  if (text.length === 8 && text[2] === ":" && text[5] === ":") {
    return timeOf(digits(text, 0, 2), digits(text, 3, 5), digits(text, 6, 8));
  }
  const found = clock.exec(text);
  if (!found) return undefined;
  const time = timeOf(Number(found[1]), Number(found[2]), Number(found[3] ?? 0));
  const fraction = found[4] === undefined ? 0 : Math.round(Number(`0.${found[4]}`) * 1000);
  return time === undefined ? undefined : time + fraction - zoneOf(found[5]);
}

function timeOf(hours: number, minutes: number, seconds: number): number | undefined {
  const exists = hours <= 23 && minutes <= 59 && seconds <= 59;
  return exists ? hours * 3_600_000 + minutes * 60_000 + seconds * 1000 : undefined;
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
