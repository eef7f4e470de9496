import { QuireError } from "@quire/tensor";

/** Paths: all at and below a path, `blocks.0.attention`, or those that an expression or a function finds. */
export type PathPattern = string | RegExp | ((path: string) => boolean);

/** Whether a path is meant. */
export function matches(pattern: PathPattern, path: string): boolean {
  if (typeof pattern === "function") return pattern(path);
  if (typeof pattern === "string") return path === pattern || path.startsWith(`${pattern}.`);
  return path.search(pattern) >= 0;
}

/**
 * The pairs whose path is meant.
 *
 * @throws QuireError when there are none.
 */
export function matching<T>(
  what: string,
  pairs: readonly (readonly [path: string, part: T])[],
  pattern: PathPattern,
): (readonly [path: string, part: T])[] {
  const found = pairs.filter(([path]) => matches(pattern, path));
  if (found.length > 0) return found;
  const wanted = typeof pattern === "function" ? "the function" : `${pattern}`;
  throw new QuireError(
    `${what}: nothing matches ${wanted}; ${listed(pairs.map(([path]) => path))}.`,
  );
}

function listed(paths: readonly string[]): string {
  if (paths.length === 0) return "there is nothing to match";
  return `there are ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? " and others" : ""}`;
}
