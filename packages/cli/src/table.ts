import stringWidth from "string-width";

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right; left unless said. */
  readonly align?: "left" | "right";
  /** Longer cells are broken between words; as wide as the widest cell unless said. */
  readonly width?: number;
}

const GAP = "  ";

/** Sets rows in columns as wide as their widest cell; a line of dashes stands under the titles. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const broken = rows.flatMap((row) => brokenRow(columns, row));
  const widths = columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...broken.map((row) => stringWidth(row[i] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => padded(cells[i] ?? "", widths[i] as number, align))
      .join(GAP)
      .trimEnd();
  const titles = line(columns.map(({ title }) => title));
  const rule = widths.map((width) => "-".repeat(width)).join(GAP);
  return [titles, rule, ...broken.map(line)].join("\n");
}

/** A row as so many lines as its longest cell takes. */
function brokenRow(columns: readonly Column[], row: readonly string[]): string[][] {
  const cells = columns.map(({ width }, i) => {
    const cell = row[i] ?? "";
    return width === undefined ? [cell] : wrapped(cell, "", width).split("\n");
  });
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => cells.map((lines) => lines[line] ?? ""));
}

function padded(cell: string, width: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(cell)));
  return align === "right" ? space + cell : cell + space;
}

/** Breaks a text into lines of at most `width` columns, each after an indent. */
export function wrapped(text: string, indent = "", width = 88): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && stringWidth(`${indent}${line} ${word}`) > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line].join("\n");
}
