import { CaptionedPictures } from "../captioned-pictures.ts";
import { DataError } from "../errors.ts";

/** Emoji with their names, and the group that Unicode puts each in. */
export interface EmojiPictures {
  /** Captioned by their names, such as "red heart". */
  readonly pictures: CaptionedPictures;
  /** Each one's group, as an index into `groups`. */
  readonly labels: Int32Array;
  readonly groups: readonly string[];
}

/** An emoji as Unicode's list has it. */
interface Listed {
  readonly name: string;
  readonly group: string;
}

const AT_ONCE = 16;

/**
 * Some 1,870 emoji on white, in colour, `[size, size, 3]`: Twitter's drawings from the npm package `@twemoji/svg`, and their
 * names and groups from `unicode-emoji-json`. Emoji that the drawings lack are left out.
 *
 * @param size Side of the pictures in pixels.
 * @throws DataError when a package is missing.
 */
export async function emojiPictures(size: number): Promise<EmojiPictures> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  const [folder, list] = await packagedEmoji();
  const known = Object.entries(list).flatMap(([emoji, listed]) => {
    const file = fileNames(emoji)
      .map((name) => join(folder, name))
      .find((path) => existsSync(path));
    return file === undefined ? [] : [{ ...listed, file }];
  });
  const bytes = size * size * 3;
  const images = new Uint8Array(known.length * bytes);
  const { default: sharp } = await import("sharp");
  const draw = async (file: string, place: number): Promise<void> => {
    // Vectors are drawn at the size that is asked for: 36 units a side at 72 dots an inch.
    const picture = sharp(file, { density: (72 * size) / 36 }).resize(size, size);
    const pixels = await picture.flatten({ background: "#ffffff" }).removeAlpha().raw().toBuffer();
    images.set(pixels, place * bytes);
  };
  for (let first = 0; first < known.length; first += AT_ONCE) {
    const some = known.slice(first, first + AT_ONCE);
    await Promise.all(some.map(({ file }, i) => draw(file, first + i)));
  }
  const groups = [...new Set(known.map(({ group }) => group))];
  return {
    pictures: new CaptionedPictures({
      ...{ images, height: size, width: size, channels: 3 },
      captions: known.map(({ name }) => name),
    }),
    labels: Int32Array.from(known, ({ group }) => groups.indexOf(group)),
    groups,
  };
}

/** A drawing's file by its code points; some leave the mark out that asks for colour. */
function fileNames(emoji: string): string[] {
  const points = Array.from(emoji, (part) => (part.codePointAt(0) as number).toString(16));
  const bare = points.filter((point) => point !== "fe0f");
  return [`${points.join("-")}.svg`, `${bare.join("-")}.svg`];
}

/** The drawings' folder and the list of names, which `resolve` finds by their module names. */
export async function packagedEmoji(
  resolve?: (id: string) => string,
): Promise<[folder: string, list: Readonly<Record<string, Listed>>]> {
  const { createRequire } = await import("node:module");
  const { dirname } = await import("node:path");
  const { readFile } = await import("node:fs/promises");
  const find = resolve ?? createRequire(import.meta.url).resolve;
  try {
    const folder = dirname(find("@twemoji/svg/package.json"));
    const text = await readFile(find("unicode-emoji-json/data-by-emoji.json"), "utf8");
    return [folder, JSON.parse(text) as Readonly<Record<string, Listed>>];
  } catch (cause) {
    throw new DataError(
      "emojiPictures: the packages @twemoji/svg and unicode-emoji-json, which hold pictures and names, are not installed: " +
        'run "npm install @twemoji/svg@15.0.0 unicode-emoji-json@0.9.0".',
      { cause },
    );
  }
}
