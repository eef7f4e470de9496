import { meanOf, type ShownMetric, spreadOf } from "@quire/papers";
import { percent, percentOver } from "./numbers.ts";

type As = ShownMetric["as"];

/** A metric's value as tables show it: `93.1 %`, `0.217`, `12.4 ms`, `3.1 MB`, `× 2.40`. */
export function metricText(value: number, as: As): string {
  return as === "share" ? percent(value) : dressed(significant(value), as);
}

/** Mean and spread of a metric's values: `0.217 ± 0.004`. */
export function metricOver(values: readonly number[], as: As): string {
  if (as === "share") return percentOver(values);
  const mean = significant(meanOf(values));
  if (values.length < 2) return dressed(mean, as);
  return dressed(`${mean} ± ${spreadOf(values).toFixed(decimals(mean))}`, as);
}

/** `validationLoss` -> `validation loss`. */
export function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function dressed(text: string, as: As): string {
  switch (as) {
    case "milliseconds":
      return `${text} ms`;
    case "megabytes":
      return `${text} MB`;
    case "ratio":
      return `× ${text}`;
    default:
      return text;
  }
}

/** Four digits that count, without a power of ten where that can be read. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 1e6 || (size > 0 && size < 1e-4)) {
    return value.toExponential(2);
  }
  const whole = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  return value.toFixed(Math.max(0, 4 - whole));
}

function decimals(text: string): number {
  return /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
}
