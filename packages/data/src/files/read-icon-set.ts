import { DataError } from "../errors.ts";
import {
  type CaptionedIcon,
  type CaptionedIcons,
  captionedIcons,
  captionWords,
} from "../icons/captioned.ts";
import { readIcons } from "./read-tasks.ts";

/** Where packages of icons say what their icons are called besides. */
const metadata = ["meta.json", "icons.json", "tags.json"] as const;
/** Where packages keep their icons. */
const folders = ["svg", "icons"] as const;

/**
 * Reads icons with captions: a folder of SVG whose file names are captions, or the folder of a package that brings
 * other names and tags (`@mdi/svg`, `@tabler/icons`, `lucide-static`).
 *
 * @throws DataError when there is no SVG, or a file is malformed; the sentence names it.
 */
export async function readIconSet(path: string): Promise<CaptionedIcons> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  const file = metadata.map((name) => join(path, name)).find((name) => existsSync(name));
  const others = file === undefined ? new Map<string, string[]>() : await readNames(file);
  const inside = folders.map((name) => join(path, name)).find((name) => existsSync(name));
  const { icons } = await readIcons(file !== undefined && inside ? inside : path);
  const captioned = icons.map((icon): CaptionedIcon => {
    const name = icon.name.replaceAll("\\", "/").split("/").at(-1) as string;
    const captions = [name, ...(others.get(name) ?? [])].map(captionWords);
    return { icon, captions: captions.filter((words) => words.length > 0) };
  });
  return captionedIcons(captioned, path);
}

/**
 * The icons of `@mdi/svg`, Material Design Icons: 7,447 filled ones, Apache 2.0.
 *
 * @throws DataError when the package is missing.
 */
export async function mdiIcons(): Promise<CaptionedIcons> {
  return await readIconSet(await mdiFolder());
}

/**
 * An icon of `@mdi/svg` as its file has it.
 *
 * @throws DataError when the package is missing.
 */
export async function mdiSvg(name: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  return await readFile(join(await mdiFolder(), "svg", `${name}.svg`), "utf8");
}

async function mdiFolder(): Promise<string> {
  const { createRequire } = await import("node:module");
  const { dirname } = await import("node:path");
  try {
    return dirname(createRequire(import.meta.url).resolve("@mdi/svg/package.json"));
  } catch (cause) {
    throw new DataError(
      'mdiIcons: the package @mdi/svg, which holds the icons, is not installed: run "npm install @mdi/svg@7.4.47".',
      { cause },
    );
  }
}

/** What icons are called besides, by their names: `aliases` and `tags` of a list or a table of them. */
async function readNames(file: string): Promise<Map<string, string[]>> {
  const { readFile } = await import("node:fs/promises");
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new DataError(`"${file}" is no JSON: correct it, or delete it.`, { cause });
  }
  const entries: [string, unknown][] = Array.isArray(content)
    ? content.map((entry) => [String((entry as { name?: unknown }).name), entry])
    : Object.entries((content ?? {}) as object);
  return new Map(entries.map(([name, entry]) => [name, namesIn(entry)]));
}

function namesIn(entry: unknown): string[] {
  const lists = Array.isArray(entry)
    ? [entry]
    : [(entry as { aliases?: unknown })?.aliases, (entry as { tags?: unknown })?.tags];
  return lists
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .filter((name): name is string | number => typeof name === "string" || typeof name === "number")
    .map(String);
}
