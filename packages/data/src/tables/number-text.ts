/** The mark between whole and fraction. */
export type DecimalMark = "." | ",";

const grouped: Readonly<Record<DecimalMark, RegExp>> = {
  ".": /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/,
  ",": /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/,
};
const plainComma = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)(?:inf|infinity|∞)$/i;

/**
 * The number that a text is, or undefined: digits with an optional fraction, exponent and groups of thousands. A
 * leading zero (`007`) and more digits than a number can hold make a text, because such values are names.
 */
export function parseNumber(text: string, decimal: DecimalMark): number | undefined {
  const plain = plainNumber(text);
  if (plain !== undefined) {
    return decimal === "," && grouped[","].test(text) ? Number(text.replaceAll(".", "")) : plain;
  }
  return unusualNumber(text.trim(), decimal);
}

function plainNumber(text: string): number | undefined {
  const sign = text.charCodeAt(0);
  const start = sign === 43 || sign === 45 ? 1 : 0;
  const first = text.charCodeAt(start);
  if (first === 48) {
    const second = text.charCodeAt(start + 1);
    if (second !== 46 && second !== 69 && second !== 101 && !Number.isNaN(second)) return undefined;
  } else if (!(first >= 49 && first <= 57) && first !== 46) {
    return undefined;
  }
  const value = Number(text);
  if (Number.isNaN(value)) return undefined;
  return Number.isSafeInteger(value) || !isLongWhole(value, text) ? value : undefined;
}

function isLongWhole(value: number, text: string): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && /^[+-]?\d+$/.test(text);
}

function unusualNumber(text: string, decimal: DecimalMark): number | undefined {
  const bare = plainNumber(text);
  if (bare !== undefined) return bare;
  if (grouped[decimal].test(text)) {
    const ungrouped = text.replaceAll(decimal === "." ? "," : ".", "");
    return plainNumber(ungrouped.replace(",", "."));
  }
  if (decimal === "," && plainComma.test(text)) return plainNumber(text.replace(",", "."));
  const found = infinite.exec(text);
  if (!found) return undefined;
  return found[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * Which decimal mark a sample of cells uses. Only a cell such as `1,5` shows a comma; `1,500` might be a group of
 * thousands, and counts as a comma's when fields are parted by something else and no point is seen.
 */
export function detectDecimal(cells: Iterable<string>, delimiter: string): DecimalMark {
  let commas = 0;
  let points = 0;
  let unclear = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^[+-]?\d+\.\d+$/.test(text)) points += /\.\d{3}$/.test(text) ? 0 : 1;
    else if (grouped[","].test(text) && text.includes(",")) commas++;
    else if (/^[+-]?(?:\d*,(?!\d{3}$)\d+|0,\d+|\d{4,},\d+)$/.test(text)) commas++;
    else if (/^[+-]?\d{1,3},\d{3}$/.test(text)) unclear++;
  }
  if (commas > 0) return commas > points ? "," : ".";
  return unclear > 0 && points === 0 && delimiter === ";" ? "," : ".";
}
