import type { SettingTable } from "@quire/papers";
import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest.ts";
import { readSetting } from "./settings.ts";

/** What `--set` changes: records within records. */
export type Tree = { readonly [key: string]: unknown };

/** A change of one value: the path to it, and what it becomes. */
export interface Assignment {
  readonly path: readonly string[];
  readonly value: string;
}

/**
 * Reads `recipe.weightDecay=0.1`, one a line.
 *
 * @throws UsageError where a line is no assignment.
 */
export function readAssignments(text: string, flag: string): Assignment[] {
  return text.split("\n").map((line) => {
    const found = /^([A-Za-z][\w.]*)=(.*)$/.exec(line.trim());
    if (found?.[1] !== undefined) return { path: found[1].split("."), value: found[2] ?? "" };
    throw new UsageError(
      `${flag} takes PATH=VALUE, such as recipe.weightDecay=0.1; got "${line}".`,
    );
  });
}

/**
 * The tree with values changed. What is not there yet may be set where `settings` tell of it, by its path.
 *
 * @throws UsageError when a path leads nowhere, or a value is of another kind.
 */
export function assigned<T extends Tree>(
  tree: T,
  assignments: readonly Assignment[],
  settings: SettingTable = {},
): T {
  return assignments.reduce<Tree>(
    (whole, { path, value }) => changed(whole, path, value, path.join("."), settings),
    tree,
  ) as T;
}

function changed(
  tree: Tree,
  [key = "", ...rest]: readonly string[],
  text: string,
  name: string,
  settings: SettingTable,
): Tree {
  const old = tree[key];
  if (rest.length > 0 && isTree(old)) {
    return { ...tree, [key]: changed(old, rest, text, name, settings) };
  }
  const setting = settings[name];
  if (rest.length === 0 && setting) return { ...tree, [key]: readSetting(setting, text, name) };
  if (rest.length > 0 || old === undefined) {
    const depth = name.split(".").length - rest.length - 1;
    const place = name.split(".").slice(0, depth).join(".");
    const known = knownBelow(tree, place, settings);
    const wrong = place === "" ? key : `${place}.${key}`;
    throw new UsageError(`--set: there is no ${wrong}${suggestion(wrong, known, listed(known))}`);
  }
  return { ...tree, [key]: likeOld(old, text, name) };
}

function knownBelow(tree: Tree, place: string, settings: SettingTable): string[] {
  const prefix = place === "" ? "" : `${place}.`;
  const own = Object.keys(tree).map((key) => prefix + key);
  const depth = prefix.split(".").length;
  const possible = Object.keys(settings).filter((path) => {
    return path.startsWith(prefix) && path.split(".").length === depth;
  });
  return [...new Set([...own, ...possible])].sort();
}

function listed(known: readonly string[]): string {
  return `there are ${known.join(", ")}.`;
}

/** A value of the old one's kind. */
function likeOld(old: unknown, text: string, name: string): unknown {
  if (typeof old === "string") return text;
  const value = parsed(text);
  if (typeof old === typeof value && Array.isArray(old) === Array.isArray(value)) return value;
  throw new UsageError(
    `--set: ${name} takes a value such as ${JSON.stringify(old)}; got "${text}".`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
