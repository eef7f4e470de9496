import { DataError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { tableOfFrame } from "../r/data-frame.ts";
import { parseR } from "../r/parse-r.ts";
import { attributeTexts, named, type RValue } from "../r/r-value.ts";
import type { Table } from "../tables/table.ts";
import { readBytes } from "./read.ts";
import { unpackPart, unpackR } from "./unpack-r.ts";

/** Where Debian and R put packages. */
const libraries = [
  "/usr/local/lib/R/site-library",
  "/usr/lib/R/site-library",
  "/usr/lib/R/library",
];

/**
 * Reads a data frame of an installed R package as a table; R itself is not needed. Packages are looked for in the
 * folders that R looks in: those that the variables `R_LIBS`, `R_LIBS_USER` and `R_LIBS_SITE` name, then Debian's.
 *
 * @example
 * const houses = await readRPackage("modeldata", "ames");
 * @throws DataError when the package is not installed, or has no such table; the sentence says what to install.
 */
export async function readRPackage(packageName: string, table: string): Promise<Table> {
  const { join } = await import("node:path");
  const folder = join(await packageFolder(packageName), "data");
  const title = `${packageName}::${table}`;
  const lazy = await lazyObjects(folder);
  const value = lazy
    ? await lazy.read(table, packageName)
    : await savedObject(folder, table, packageName);
  return tableOfFrame(value, title);
}

async function packageFolder(name: string): Promise<string> {
  const { delimiter, join } = await import("node:path");
  const given = ["R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"].flatMap((variable) =>
    (process.env[variable] ?? "").split(delimiter).filter((folder) => folder !== ""),
  );
  for (const library of [...given, ...libraries]) {
    const folder = join(library, name);
    if (await exists(join(folder, "DESCRIPTION"))) return folder;
  }
  throw new DataError(
    `The R package "${name}", which holds the data, is not installed: run "apt-get install r-cran-${name.toLowerCase()}", ` +
      "or name the folder it is in by the variable R_LIBS.",
  );
}

async function exists(path: string): Promise<boolean> {
  const { access } = await import("node:fs/promises");
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Objects that a package keeps in one file, each packed by itself, with an index beside it. */
interface LazyObjects {
  read(name: string, packageName: string): Promise<RValue>;
}

async function lazyObjects(folder: string): Promise<LazyObjects | undefined> {
  const { join } = await import("node:path");
  const index = join(folder, "Rdata.rdx");
  if (!(await exists(index))) return undefined;
  const variables = named(
    parseR(await unpackR(await readBytes(index, "index"), index), index),
    "variables",
  );
  const names = variables?.kind === "list" ? attributeTexts(variables, "names") : [];
  return {
    read: async (name, packageName) => {
      const place = named(variables, name);
      if (place?.kind !== "integer") {
        throw unknownTable(
          packageName,
          name,
          names.map((each) => each ?? ""),
        );
      }
      const [offset = 0, length = 0] = place.values;
      const all = await readBytes(join(folder, "Rdata.rdb"), "database");
      const file = `${packageName}::${name}`;
      return parseR(await unpackPart(all.subarray(offset, offset + length), file), file);
    },
  };
}

/** An object of a package that keeps each in a file of its own. */
async function savedObject(folder: string, name: string, packageName: string): Promise<RValue> {
  const { join } = await import("node:path");
  const { readdir } = await import("node:fs/promises");
  const files = await readdir(folder).catch(() => []);
  const saved = files.filter((file) => /\.(rda|RData)$/i.test(file));
  const file = saved.find((each) => each.replace(/\.\w+$/, "") === name);
  if (file === undefined) {
    throw unknownTable(
      packageName,
      name,
      saved.map((each) => each.replace(/\.\w+$/, "")),
    );
  }
  const path = join(folder, file);
  return named(parseR(await unpackR(await readBytes(path, "file"), file), file), name);
}

function unknownTable(packageName: string, name: string, names: readonly string[]): DataError {
  const where = `The R package "${packageName}"`;
  if (names.length === 0) return new DataError(`${where} holds no data: name another one.`);
  return new DataError(`${where} has no data called "${name}"; ${suggestion(name, names)}`);
}
