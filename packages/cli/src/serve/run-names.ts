import { existsSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** The folder below the runs that holds files sent by pages. */
export const UPLOADS = "uploads";

/** Whether a text is a name and no path: letters, digits, dots, dashes, underscores and spaces between. */
export function isName(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,119}$/u.test(text);
}

/** The path of something that is there below a folder, links followed; nothing where it is not, or not below. */
export function below(folder: string, ...names: readonly string[]): string | undefined {
  const path = join(folder, ...names);
  if (!names.every(isName) || !existsSync(path)) return undefined;
  const real = realpathSync(path);
  return real.startsWith(realpathSync(folder) + sep) ? path : undefined;
}
