/** Nouns of messages whose plural is not the noun and an s. */
const plurals: Readonly<Record<string, string>> = {
  category: "categories",
  class: "classes",
  series: "series",
};

/** A number with its noun: `1 row`, `5 rows`, `2 categories`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : (plurals[noun] ?? `${noun}s`)}`;
}
