import { type ColumnKind, columnKinds } from "@quire/data";
import { UsageError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { many, type Option } from "../option.ts";

/** The option that sets kinds of columns in place of those found out. */
export const kindOption: Option<readonly (readonly [column: string, kind: ColumnKind])[]> = many(
  "COLUMN=KIND",
  `What a column holds: ${columnKinds.join(", ")}; may come again`,
  (given, flag) =>
    given.split("\n").map((line) => {
      const end = line.lastIndexOf("=");
      const [column, word] = [line.slice(0, end), line.slice(end + 1)];
      if (end < 1) throw new UsageError(`${flag} takes COLUMN=KIND, got "${line}".`);
      const kind = columnKinds.find((known) => known === word);
      if (kind) return [column, kind] as const;
      throw new UsageError(
        `${flag} does not know the kind "${word}"${suggestion(word, columnKinds, `use ${columnKinds.join(", ")}.`)}`,
      );
    }),
);
