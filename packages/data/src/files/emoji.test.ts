import { expect, test } from "vitest";
import { emojiPictures, packagedEmoji } from "./emoji.ts";

test("emoji have their names, their groups and their colours", async () => {
  const { pictures, labels, groups } = await emojiPictures(8);
  expect(pictures.size).toBe(1870);
  expect(groups).toHaveLength(9);
  const at = (name: string): Uint8Array => {
    const place = pictures.captions.indexOf(name);
    return pictures.images.subarray(place * 192, (place + 1) * 192);
  };
  const centre = (name: string): number[] => Array.from(at(name).subarray(3 * 36, 3 * 37));
  const [red = 0, green = 0, blue = 0] = centre("red heart");
  expect(red).toBeGreaterThan(2 * Math.max(green, blue));
  const [, , sky = 0] = centre("blue circle");
  expect(sky).toBeGreaterThan(150);
  expect(Math.min(...at("red heart").subarray(0, 3))).toBeGreaterThan(240);
  expect(groups[labels[pictures.captions.indexOf("flag France")] as number]).toBe("Flags");
});

test("packages that are missing are named", async () => {
  const none = (id: string): string => {
    throw new Error(id);
  };
  await expect(packagedEmoji(none)).rejects.toThrow(
    "emojiPictures: the packages @twemoji/svg and unicode-emoji-json, which hold pictures and names, are not installed: " +
      'run "npm install @twemoji/svg@15.0.0 unicode-emoji-json@0.9.0".',
  );
});
