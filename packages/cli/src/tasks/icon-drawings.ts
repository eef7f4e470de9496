import { join } from "node:path";
import { iconSheet, iconSvg } from "@quire/data";
import type { DrawnIcon } from "@quire/papers";
import type { Console } from "../console.ts";
import { makeFolder, writeWhole } from "../files.ts";
import { count } from "../numbers.ts";

/** An icon that was drawn, and after which caption. */
export interface Drawing {
  readonly caption: string;
  readonly drawn: DrawnIcon;
}

/** The file that shows all drawings side by side. */
const SHEET = "sheet.svg";

/** Writes drawings as SVG files named by their captions, and a sheet of all. */
export async function writeDrawings(
  folder: string,
  drawings: readonly Drawing[],
  console: Console,
): Promise<void> {
  await makeFolder(folder);
  const numbers = new Map<string, number>();
  const files: string[] = [];
  for (const { caption, drawn } of drawings) {
    const name = caption.trim().replace(/\s+/g, "-") || "icon";
    const number = (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    const file = join(folder, `${name}-${number}.svg`);
    await writeWhole(file, iconSvg(drawn.icon));
    files.push(file);
  }
  const sheet = join(folder, SHEET);
  const items = drawings.map(({ caption, drawn: { icon } }) => ({ caption, icon }));
  await writeWhole(sheet, iconSheet(items, { side: 96 }));
  const wrong = drawings.filter(({ drawn }) => drawn.problem !== undefined);
  for (const [i, { drawn }] of drawings.entries()) {
    console.print(drawn.problem === undefined ? `${files[i]}` : `${files[i]}: ${drawn.problem}`);
  }
  const flawed = wrong.length === 0 ? "" : `; ${count(wrong.length)} of them not whole`;
  console.note(`${count(drawings.length)} icons${flawed}; all of them on ${sheet}.`);
  console.result({
    sheet,
    drawings: drawings.map(({ caption, drawn }, i) => ({
      ...{ caption, file: files[i], tokens: drawn.tokens.length },
      ...(drawn.problem !== undefined && { problem: drawn.problem }),
    })),
  });
}
