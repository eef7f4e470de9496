import { join } from "node:path";
import { pictureGrid, type TextToImageSystem } from "@quire/papers";
import type { Sampler } from "@quire/train";
import type { Console } from "./console.ts";
import { checkWritable, makeFolder, writeWhole } from "./files.ts";
import { count as countText } from "./numbers.ts";
import { choice, number, whole, withDefault } from "./option.ts";

/** How pictures are drawn, as options. */
export const drawingOptions = {
  steps: withDefault(whole("Steps from noise to a picture", { from: 1, to: 1000 }), 20),
  cfg: withDefault(
    number("How strongly the text is followed: 1 as it was learned, above it more", { from: 0 }),
    4.5,
  ),
  sampler: withDefault(
    choice("The way from noise: DPM-Solver++, DDIM, or DDPM, which wants more steps", [
      "dpm",
      "ddim",
      "ddpm",
    ]),
    "dpm",
  ),
};

/** What drawings are made with. */
export interface DrawingChoice {
  readonly steps: number;
  readonly cfg: number;
  readonly sampler: string;
  readonly seed: number;
  /** The folder that they are written to. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/** Pictures that are drawn at a time, at most. */
const AT_ONCE = 64;

/** Draws captions, and writes each picture and all of them as a grid. */
export async function writeDrawings(
  system: TextToImageSystem,
  prompts: readonly string[],
  choice: DrawingChoice,
  console: Console,
): Promise<void> {
  const { steps, cfg, seed, out, signal } = choice;
  await checkWritable(out);
  const { height, width, channels } = system.description.target;
  const size = { height, width, channels };
  const bytes = height * width * channels;
  const images = new Uint8Array(prompts.length * bytes);
  const progress = console.progress("drawing");
  const began = performance.now();
  for (let first = 0; first < prompts.length; first += AT_ONCE) {
    const own = prompts.slice(first, first + AT_ONCE);
    const given = { steps, guidance: cfg, sampler: samplerOf(choice.sampler), seed: seed + first };
    for await (const step of system.draw(own, { ...given, ...(signal && { signal }) })) {
      const share = (first + (own.length * step.step) / steps) / prompts.length;
      progress.update(share, `step ${step.step}/${steps}`);
      if (step.step === steps) images.set(await step.pictures(), first * bytes);
    }
    if (signal?.aborted) break;
  }
  progress.finish();
  if (signal?.aborted) return console.note("Stopped: nothing was written.");
  const seconds = (performance.now() - began) / 1000;
  await makeFolder(out);
  const names = prompts.map((prompt, i) => `${numbered(i, prompts.length)}-${slug(prompt)}.png`);
  for (const [i, name] of names.entries()) {
    await writeWhole(join(out, name), await png(images.subarray(i * bytes, (i + 1) * bytes), size));
  }
  const grid = pictureGrid(images, size);
  await writeWhole(join(out, "grid.png"), await png(grid.images, { ...grid, channels }));
  const what = prompts.length === 1 ? "picture" : "pictures";
  console.print(
    `Drew ${countText(prompts.length)} ${what} of ${height} x ${width} pixels in ${seconds.toFixed(1)} s: ` +
      `${join(out, prompts.length === 1 ? (names[0] as string) : "grid.png")}.`,
  );
  console.result({ out, files: names, grid: "grid.png", prompts, steps, cfg, seed, seconds });
}

/** A sampler by its word. */
function samplerOf(word: string): Sampler {
  return word === "ddim" || word === "ddpm" ? { kind: word } : { kind: "dpm" };
}

function numbered(place: number, all: number): string {
  return String(place + 1).padStart(String(all).length, "0");
}

/** A caption as part of a file's name. */
function slug(prompt: string): string {
  const words = prompt
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
  return words.slice(0, 40) || "drawing";
}

async function png(
  bytes: Uint8Array,
  {
    height,
    width,
    channels,
  }: { readonly height: number; readonly width: number; readonly channels: number },
): Promise<Uint8Array> {
  // Loaded only here: it takes longer than most commands.
  const { default: sharp } = await import("sharp");
  return await sharp(bytes, { raw: { width, height, channels: channels as 1 | 3 } })
    .png()
    .toBuffer();
}
