import type { Table } from "@quire/data";
import type { ExampleColumns } from "@quire/papers";
import { UsageError } from "../errors.ts";

/** What a user says of the columns that are learnt from or measured on. */
export interface ColumnChoice {
  readonly left?: readonly string[] | undefined;
  readonly right?: readonly string[] | undefined;
  readonly label?: string | undefined;
  readonly on?: readonly string[] | undefined;
  readonly group?: string | undefined;
  readonly class?: string | undefined;
}

/** Names that say by themselves what a column holds. */
const labelNames = ["label", "same", "match", "matches"];
const groupNames = ["group", "group_id", "cluster", "cluster_id"];

/**
 * Which columns of a table hold pairs, groups or classes: as the user says, else by their names, else two columns are
 * pairs.
 *
 * @throws UsageError when what is said does not fit together, or the table's columns do not say what they are.
 */
export function exampleColumns(table: Table, choice: ColumnChoice): ExampleColumns {
  const { left, right, label, on, group, class: label2 } = choice;
  const ways = [left ?? right, group, label2].filter((way) => way !== undefined).length;
  if (ways > 1) {
    throw new UsageError(
      "--left and --right, --group and --class exclude each other: give one of them.",
    );
  }
  if (left || right) {
    if (!left || !right) {
      throw new UsageError("pairs need both --left and --right: name the columns of both records.");
    }
    return { kind: "pairs", left, right, ...(label !== undefined && { label }) };
  }
  const names = table.columns.map(({ name }) => name);
  const others = (own: string): readonly string[] => on ?? names.filter((name) => name !== own);
  if (group !== undefined) return { kind: "groups", fields: others(group), group };
  if (label2 !== undefined) return { kind: "classes", fields: others(label2), label: label2 };
  return guessed(table.name, names, choice);
}

function guessed(
  file: string,
  names: readonly string[],
  { label, on }: ColumnChoice,
): ExampleColumns {
  const found = (known: readonly string[]): string | undefined =>
    names.find((name) => known.includes(name.toLowerCase()));
  const grouping = found(groupNames);
  if (grouping !== undefined) {
    const fields = on ?? names.filter((name) => name !== grouping);
    return { kind: "groups", fields, group: grouping };
  }
  const labelling = label ?? found(labelNames);
  const [left, right, ...rest] = names.filter((name) => name !== labelling);
  if (left !== undefined && right !== undefined && rest.length === 0) {
    const labels = labelling === undefined ? {} : { label: labelling };
    return { kind: "pairs", left: [left], right: [right], ...labels };
  }
  throw new UsageError(
    `${file} has the columns ${names.join(", ")}: say which hold what is the same by --left and --right, by --group, or what is a class by --class.`,
  );
}
