import Papa from "papaparse";

const candidates = [",", ";", "\t", "|"];
const MOST_ROWS = 100;

/**
 * What stands between the fields of a sample: the mark by which most rows have as many fields as the first one,
 * and of marks that are equal in that, the one that makes most fields.
 */
export function detectDelimiter(sample: string): string {
  const scored = candidates.map((delimiter) => ({ delimiter, ...score(sample, delimiter) }));
  const [best] = scored
    .filter(({ fields }) => fields > 1)
    .sort((a, b) => b.agreeing - a.agreeing || b.fields - a.fields);
  return best?.delimiter ?? ",";
}

function score(sample: string, delimiter: string): { agreeing: number; fields: number } {
  const { data } = Papa.parse<string[]>(sample, {
    delimiter,
    newline: "\n",
    preview: MOST_ROWS,
    skipEmptyLines: true,
  });
  const fields = data[0]?.length ?? 0;
  // The sample may end inside the last row.
  const whole = data.length > 2 ? data.slice(0, -1) : data;
  return { agreeing: whole.filter((row) => row.length === fields).length / whole.length, fields };
}
