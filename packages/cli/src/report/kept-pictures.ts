import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "@quire/papers";
import { makeFolder, writeWhole } from "../files.ts";
import { pngOf } from "./figures.ts";

/** A picture that an experiment showed: a file beside the report, for its bytes are too many for a record. */
export interface KeptPicture {
  readonly title: string;
  readonly caption?: string;
  readonly file: string;
}

/** Writes the pictures of bytes among an experiment's figures to the paper's folder, named by the experiment's first claim. */
export async function keepPictures(
  folder: string,
  claim: string,
  figures: readonly Figure[],
): Promise<KeptPicture[]> {
  const kept: KeptPicture[] = [];
  for (const figure of figures) {
    if (figure.kind !== "pixels") continue;
    const file = kept.length === 0 ? `${claim}.png` : `${claim}-${kept.length + 1}.png`;
    await makeFolder(folder);
    await writeWhole(join(folder, file), await pngOf(figure));
    const { title, caption } = figure;
    kept.push({ title, ...(caption !== undefined && { caption }), file });
  }
  return kept;
}

/** The bytes of a kept picture; nothing where its file is gone, as in a fresh clone. */
export function keptBytes(folder: string, { file }: KeptPicture): Buffer | undefined {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path) : undefined;
}
