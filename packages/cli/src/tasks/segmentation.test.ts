import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseNifti } from "@quire/data";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cubeVolume, pngBytes, squarePicture } from "../testing/masked.ts";
import { quire, type Said } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-segmentation-"));
const tiny = ["--features", "4", "--epochs", "2", "--batches-per-epoch", "4"];

async function json(...words: readonly string[]): Promise<Record<string, unknown>> {
  const said: Said = await quire(...words, "--json", "--quiet");
  expect(said.end).toBe("0");
  return JSON.parse(said.out) as Record<string, unknown>;
}

interface Predicted {
  readonly predictions: readonly {
    readonly mask: string;
    readonly overlay: string;
    readonly shares: Readonly<Record<string, number>>;
  }[];
}

beforeAll(async () => {
  process.chdir(folder);
  for (const path of ["squares/images", "squares/masks", "cubes/imagesTr", "cubes/labelsTr"]) {
    mkdirSync(path, { recursive: true });
  }
  for (let i = 0; i < 5; i++) {
    // Pictures of different sizes, all larger than a patch.
    const { image, mask } = squarePicture(20 + i, 3 + 2 * i);
    writeFileSync(`squares/images/${i}.png`, image);
    writeFileSync(`squares/masks/${i}.png`, mask);
  }
  for (let i = 0; i < 2; i++) {
    const { image, mask } = cubeVolume(14, 2 + 3 * i);
    writeFileSync(`cubes/imagesTr/${i}.nii`, image);
    writeFileSync(`cubes/labelsTr/${i}.nii`, mask);
  }
  for (const [data, name, side] of [
    ["squares", "planes", "16"],
    ["cubes", "volumes", "12"],
  ] as const) {
    const words = ["train", "xlstm-unet", "--data", data, "--name", name, "--side", side];
    const said = await quire(...words, ...tiny);
    expect(said.end).toBe("0");
  }
}, 60_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("pictures", () => {
  test("a run has its report with overlays, and goes on to an ONNX file", () => {
    const report = readFileSync("runs/planes/report.html", "utf8");
    expect(report.match(/data:image\/png/g)?.length).toBe(2);
    expect(report).toContain("intersection over union");
    expect(existsSync("runs/planes/model.onnx")).toBe(true);
  });

  test("masks have the colours that were learnt, at the picture's own size; the same again", async () => {
    const call = ["predict", "planes", "--data", "squares/images/4.png"];
    const { predictions } = (await json(...call)) as unknown as Predicted;
    const [first] = predictions;
    const { data, info } = await sharp(first?.mask).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([24, 24]);
    expect(new Set(data).size).toBeLessThanOrEqual(2);
    expect([...new Set(data)].every((value) => value === 0 || value === 255)).toBe(true);
    const shares = Object.values(first?.shares ?? {});
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(existsSync(first?.overlay as string)).toBe(true);
    const again = (await json(...call, "--out", "again")) as unknown as Predicted;
    expect(readFileSync(again.predictions[0]?.mask as string)).toEqual(
      readFileSync(first?.mask as string),
    );
  });

  test("a folder is measured, and a colour that was not learnt is refused", async () => {
    const found = await json("evaluate", "planes", "--data", "squares");
    expect(JSON.stringify(found)).toContain("borderDistance95");
    mkdirSync("red/images", { recursive: true });
    mkdirSync("red/masks", { recursive: true });
    const { image } = squarePicture(20, 3);
    const red = new Uint8Array(3 * 400).map((_, i) => (i % 3 === 0 && i < 300 ? 255 : 0));
    writeFileSync("red/images/a.png", image);
    writeFileSync("red/masks/a.png", pngBytes(20, 20, red));
    const { end } = await quire("evaluate", "planes", "--data", "red");
    expect(end).toBe(
      '2: the masks in "red/masks" hold #ff0000, and the run knows #000000, #ffffff alone: correct them.',
    );
  });

  test("a volume is refused", async () => {
    const { end } = await quire("predict", "planes", "--data", "cubes/imagesTr/0.nii");
    expect(end).toMatch(/0 is a volume, and pictures were learnt: give pictures\.$/);
  });
});

describe("volumes", () => {
  test("a mask is a volume on the same grid, with the values that were learnt", async () => {
    const call = ["predict", "volumes", "--data", "cubes/imagesTr"];
    const { predictions } = (await json(...call)) as unknown as Predicted;
    expect(predictions.length).toBe(2);
    const bytes = readFileSync(predictions[0]?.mask as string);
    const { shape, spacing, values } = await parseNifti(bytes, "mask");
    expect(shape).toEqual([14, 14, 14]);
    expect(spacing).toEqual([2, 1, 1]);
    expect([...new Set(values)].every((value) => value === 0 || value === 7)).toBe(true);
    // All of the header but lengths beyond three, the type and the factors is that of the volume.
    const [given, written] = [readFileSync("cubes/imagesTr/0.nii"), gunzipSync(bytes)];
    expect(written.subarray(76, 112)).toEqual(given.subarray(76, 112));
  });

  test("volumes are measured", async () => {
    expect(JSON.stringify(await json("evaluate", "volumes", "--data", "cubes"))).toContain("dice");
  });
});
