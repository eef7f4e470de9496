import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest.ts";

/** An option of a command: how its value is written, and what it becomes. */
export interface Option<T> {
  /** What stands for the value in the help, such as `N`; a switch has none. */
  readonly value?: string;
  readonly summary: string;
  /** Whether it may be given several times; its texts then come one a line. */
  readonly many?: boolean;
  /** What the option is when it is left out; `required` where it must not be. */
  readonly absent: { readonly value: T } | "required";
  /** Reads the value; `flag` is what a message calls the option. */
  read(text: string, flag: string): T;
}

/** The options of a command by their names in camel case. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values that a table's options have in a call. */
export type Values<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** A whole number within bounds. */
export function whole(
  summary: string,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: { readonly from?: number; readonly to?: number } = {},
): Option<number | undefined> {
  const bounds = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  return optional("N", summary, (text, flag) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new UsageError(`${flag} takes a whole number ${bounds}, got "${text}".`);
  });
}

/** Between what a number must be: above a bound or from it on, and up to another. */
export interface NumberBounds {
  readonly above?: number;
  readonly from?: number;
  readonly to?: number;
}

/** A number within bounds. */
export function number(summary: string, bounds: NumberBounds = {}): Option<number | undefined> {
  const { above, from, to } = bounds;
  return optional("X", summary, (text, flag) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const isHigh = value > (above ?? Number.NEGATIVE_INFINITY) && value >= (from ?? value);
    if (Number.isFinite(value) && isHigh && value <= (to ?? value)) return value;
    throw new UsageError(`${flag} takes a number${boundsText(bounds)}, got "${text}".`);
  });
}

function boundsText({ above, from, to }: NumberBounds): string {
  const start = from === undefined ? "" : ` from ${from}`;
  const low = above === undefined ? start : ` above ${above}`;
  if (to === undefined) return low;
  return start === "" ? `${low} up to ${to}` : `${low} to ${to}`;
}

/** Names with commas between them. */
export function names(summary: string): Option<readonly string[] | undefined> {
  return optional("NAME,...", summary, (given, flag) => {
    const parts = given.split(",").map((part) => part.trim());
    if (parts.every((part) => part !== "") && new Set(parts).size === parts.length) return parts;
    throw new UsageError(`${flag} takes different names with commas between them, got "${given}".`);
  });
}

/** An option that may be given several times. */
export function many<T>(
  value: string,
  summary: string,
  read: (text: string, flag: string) => readonly T[],
): Option<readonly T[]> {
  return { value, summary, many: true, absent: { value: [] }, read };
}

/** A size in pixels: a side, or height and width, `48x192`. */
export function size(
  summary: string,
): Option<{ readonly height: number; readonly width: number } | undefined> {
  return optional("N|HxW", summary, (text, flag) => {
    const [, height, width] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
    if (Number(height) > 0 && Number(width ?? height) > 0) {
      return { height: Number(height), width: Number(width ?? height) };
    }
    throw new UsageError(`${flag} takes pixels, such as 64 or 48x192, got "${text}".`);
  });
}

/** A text, such as a path. */
export function text(value: string, summary: string): Option<string | undefined> {
  return optional(value, summary, (given, flag) => {
    if (given.trim() !== "") return given;
    throw new UsageError(`${flag} needs a value: ${flag} ${value}.`);
  });
}

/** One of a few words; `guess: false` where words that look alike mean opposite things, so that all are named. */
export function choice<const C extends string>(
  summary: string,
  words: readonly C[],
  { guess = true }: { readonly guess?: boolean } = {},
): Option<C | undefined> {
  return optional(words.join("|"), summary, (given, flag) => {
    const found = words.find((word) => word === given);
    if (found !== undefined) return found;
    const all = `use ${words.join(" or ")}.`;
    const end = guess ? suggestion(given, words, all) : `; ${all}`;
    throw new UsageError(`${flag} does not know "${given}"${end}`);
  });
}

/** Whole numbers with commas between them. */
export function wholes(summary: string): Option<readonly number[] | undefined> {
  return optional("N,N,...", summary, (given, flag) => {
    const parts = given.split(",");
    if (parts.every((part) => /^\d+$/.test(part)) && new Set(parts).size === parts.length) {
      return parts.map(Number);
    }
    throw new UsageError(
      `${flag} takes different whole numbers with commas between them, such as 1,2,3; got "${given}".`,
    );
  });
}

/** A switch: off unless it is given. */
export function flag(summary: string): Option<boolean> {
  return { summary, absent: { value: false }, read: () => true };
}

/** The same option, which has a value even when it is left out. */
export function withDefault<T>(option: Option<T>, value: NonNullable<T>): Option<NonNullable<T>> {
  return {
    ...option,
    summary: `${option.summary} (${String(value)} unless said)`,
    absent: { value },
    read: (given, name) => option.read(given, name) as NonNullable<T>,
  };
}

/** The same option, which must be given. */
export function required<T>(option: Option<T>): Option<NonNullable<T>> {
  return {
    ...option,
    absent: "required",
    read: (given, name) => option.read(given, name) as NonNullable<T>,
  };
}

/** The flag of an option: `batchSize` -> `--batch-size`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads the values of all options of a table.
 *
 * @throws UsageError when a required option is missing or a value cannot be read.
 */
export function readValues<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
  command: string,
): Values<T> {
  const entries = Object.entries(table).map(([name, option]) => {
    const raw = given[name];
    if (typeof raw === "string" && /^--[a-z]/.test(raw)) {
      const flag = flagOf(name);
      throw new UsageError(`option ${flag} for ${command} needs a value: ${flag} ${option.value}.`);
    }
    if (raw !== undefined && raw !== false) {
      return [name, option.read(textOf(raw), flagOf(name))];
    }
    if (option.absent !== "required") return [name, option.absent.value];
    throw new UsageError(
      `${command} needs ${flagOf(name)} ${option.value}: ${lowerFirst(option.summary)}.`,
    );
  });
  return Object.fromEntries(entries) as Values<T>;
}

/** What was given, as one text. */
function textOf(raw: unknown): string {
  if (Array.isArray(raw)) return raw.join("\n");
  return typeof raw === "string" ? raw : "";
}

function optional<T>(
  value: string,
  summary: string,
  read: (text: string, flag: string) => T,
): Option<T | undefined> {
  return { value, summary, absent: { value: undefined }, read };
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
