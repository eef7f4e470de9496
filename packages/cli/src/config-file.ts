import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest.ts";
import { flagOf, type OptionTable } from "./option.ts";
import type { Assignment } from "./overrides.ts";

/** What a configuration file says. */
export interface ConfigFile {
  /** Values of options, as texts, by their names in camel case. */
  readonly options: Readonly<Record<string, string>>;
  /** What it sets in the recipe and the model. */
  readonly assignments: readonly Assignment[];
}

/**
 * Reads a JSON file of options: `{"epochs": 5, "recipe": {"weightDecay": 0.1}, "model": {"width": 64}}`.
 *
 * @throws UsageError when there is no such file, or it is no such JSON.
 */
export function readConfigFile(path: string): ConfigFile {
  if (!existsSync(path)) {
    throw new UsageError(`config file "${path}" does not exist: give a JSON file of options.`);
  }
  const content = parsed(path);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(
      `config file "${path}" holds no record: write options such as {"epochs": 5}.`,
    );
  }
  const entries = Object.entries(content);
  const isTree = ([name]: readonly [string, unknown]): boolean =>
    name === "recipe" || name === "model";
  return {
    options: Object.fromEntries(
      entries
        .filter((entry) => !isTree(entry))
        .map(([name, value]) => [camel(name), textOf(value)]),
    ),
    assignments: entries.filter(isTree).flatMap(([name, value]) => assignmentsOf([name], value)),
  };
}

/**
 * A table whose options have a file's values where the call leaves them out.
 *
 * @throws UsageError when the file names an option that there is not, or a value that it does not take.
 */
export function withConfig<T extends OptionTable>(
  table: T,
  { options }: ConfigFile,
  path: string,
): T {
  const changed = Object.entries(options).map(([name, text]) => {
    const option = table[name];
    if (option) {
      const value = option.value === undefined ? text === "true" : option.read(text, flagOf(name));
      return [name, { ...option, absent: { value } }];
    }
    const end = suggestion(name, Object.keys(table), "see --help for those there are.");
    throw new UsageError(`config file "${path}": unknown option ${name}${end}`);
  });
  return { ...table, ...Object.fromEntries(changed) };
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    throw new UsageError(`config file "${path}" is no JSON: correct it.`, { cause });
  }
}

function assignmentsOf(path: readonly string[], value: unknown): Assignment[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ path, value: typeof value === "string" ? value : JSON.stringify(value) }];
  }
  return Object.entries(value).flatMap(([key, inner]) => assignmentsOf([...path, key], inner));
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `batch-size` -> `batchSize`. */
function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
