import type { Table } from "@quire/data";
import {
  groupVectors,
  type Link,
  type Linker,
  type LinkKind,
  linkVectors,
  recordsOf,
} from "@quire/papers";
import type { NeighbourSearch } from "@quire/train";
import { UsageError } from "../errors.ts";

/** How two tables are linked. */
export interface LinkTablesOptions {
  /** Columns that are compared, of both tables; those that the model was trained on unless said. */
  readonly on?: readonly string[];
  /** The right table's columns where they have other names. */
  readonly rightOn?: readonly string[];
  /** Columns that must be equal. */
  readonly block?: readonly string[];
  /** `m:1` unless said. */
  readonly kind?: LinkKind;
  readonly k?: number;
  /** The least cosine of a match. */
  readonly threshold?: number;
  readonly search?: NeighbourSearch;
  /** Is told of the share that is done, and of what. */
  readonly onProgress?: (share: number, doing: string) => void;
}

/**
 * Links the records of two tables by a model.
 *
 * @example
 * const [a, b] = [await readTable("a.csv"), await readTable("b.csv")];
 * const links = await linkTables(await openLinker("runs/linktransformer-1"), a, b, { on: ["name", "city"] });
 * @throws QuireError when a table lacks a column, or the options do not fit together.
 */
export async function linkTables(
  linker: Linker,
  left: Table,
  right: Table,
  options: LinkTablesOptions = {},
): Promise<Link[]> {
  const { kind = "m:1", k, threshold, search, block, onProgress } = options;
  const on = columnsOf(linker, options.on);
  const rightOn = options.rightOn ?? on;
  if (rightOn.length !== on.length) {
    throw new UsageError(
      `${on.length} columns on the left and ${rightOn.length} on the right: name as many of both.`,
    );
  }
  const tables = [recordsOf(left, on), recordsOf(right, rightOn)] as const;
  const blocks = block && ([blocksOf(left, block), blocksOf(right, block)] as const);
  const share = tables[0].length / Math.max(1, tables[0].length + tables[1].length);
  const vectors = [
    await linker.embed(tables[0], { onProgress: (part) => onProgress?.(part * share, "encoding") }),
    await linker.embed(tables[1], {
      onProgress: (part) => onProgress?.(share + part * (1 - share), "encoding"),
    }),
  ] as const;
  return await linkVectors(...vectors, {
    ...{ kind, onProgress: (part: number) => onProgress?.(part, "linking") },
    ...(k !== undefined && { k }),
    ...(threshold !== undefined && { threshold }),
    ...(blocks && { blocks }),
    ...(search && { search }),
  });
}

/** How records of one table are grouped. */
export type GroupTableOptions = Pick<
  LinkTablesOptions,
  "on" | "block" | "k" | "threshold" | "search" | "onProgress"
>;

/**
 * Groups the records of a table that are the same thing: each record's group, in the order of their first records.
 *
 * @throws QuireError when the table lacks a column, or the threshold is no cosine.
 */
export async function groupTable(
  linker: Linker,
  table: Table,
  options: GroupTableOptions = {},
): Promise<Int32Array> {
  const { block, k, threshold, search, onProgress } = options;
  const records = recordsOf(table, columnsOf(linker, options.on));
  const vectors = await linker.embed(records, {
    onProgress: (part) => onProgress?.(part, "encoding"),
  });
  return await groupVectors(vectors, {
    ...(k !== undefined && { k }),
    ...(threshold !== undefined && { threshold }),
    ...(block && { blocks: blocksOf(table, block) }),
    ...(search && { search }),
    onProgress: (part) => onProgress?.(part, "grouping"),
  });
}

function columnsOf(linker: Linker, on: readonly string[] | undefined): readonly string[] {
  if (linker.description.classes) {
    throw new UsageError(
      "the model tells classes apart, it compares no records: give one that was trained on pairs or groups.",
    );
  }
  const columns = on ?? linker.description.fields;
  if (columns.length > 0) return columns;
  throw new UsageError("the model names no columns that it reads: say which by --on.");
}

/** One text a row of the columns that must be equal. */
function blocksOf(table: Table, block: readonly string[]): string[] {
  const texts = block.map((name) => table.texts(name));
  return Array.from({ length: table.rows }, (_, row) =>
    JSON.stringify(texts.map((column) => column[row] ?? "")),
  );
}
