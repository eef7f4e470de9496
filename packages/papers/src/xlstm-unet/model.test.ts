import { countParameters, initialize, type ResidualUNet } from "@quire/nn";
import { compile, type HostTensor, hostTensor, Random, sizeOf, type Tensor } from "@quire/tensor";
import { adamW, deeplySupervised, diceCrossEntropy } from "@quire/train";
import { describe, expect, test } from "vitest";
import type { SegmentationTarget } from "../tasks/segmentation-target.ts";
import { withReader } from "./baselines.ts";
import { cellPictures, countCells, patchesOfCells } from "./cells-data.ts";
import { farMarkers } from "./far-marker-data.ts";
import { TokenMixer } from "./mixer.ts";
import { build, planUNet, type XlstmUNetOptions } from "./model.ts";
import { paper } from "./paper.ts";

const target: SegmentationTarget = { patch: [16, 16], spacing: [1, 1], channels: 1, classes: 3 };
const volume: SegmentationTarget = {
  patch: [32, 32, 32],
  spacing: [1, 1, 1],
  channels: 1,
  classes: 2,
};
const tiny: XlstmUNetOptions = { variant: "bot", features: 4, blocks: 1 };

function drawn(shape: readonly number[], seed = 1): HostTensor {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.normal()),
    shape,
  );
}

/** What stands after each level: places or channels read as tokens, a block of convolutions, or nothing. */
function levelsOf(options: XlstmUNetOptions, at: SegmentationTarget): string[] {
  return (build(options, at) as ResidualUNet).mixers.map((mixer) => {
    if (mixer instanceof TokenMixer) return mixer.tokens;
    return mixer ? "convolutions" : "";
  });
}

describe("the variants", () => {
  test.each(Object.entries(paper.presets).filter(([, { parameters }]) => parameters))(
    "%s has its published parameters",
    (_, preset) => {
      expect(countParameters(build(preset.options, preset.target))).toBe(preset.parameters);
    },
  );

  test("Vision-LSTM's sizes are those of its tables", () => {
    const millions = ["vil-t", "vil-s", "vil-b"].map(
      (name) => (paper.presets[name]?.parameters as number) / 1e6,
    );
    expect(millions.map((count) => count.toFixed(1))).toEqual(["6.1", "22.8", "88.1"]);
  });

  test("Bot reads the coarsest level; Enc every other one of pictures, and all from the fourth on of volumes", () => {
    const cells = paper.presets["bot"]?.target as SegmentationTarget;
    const bot = levelsOf({ ...tiny, features: 32 }, cells);
    expect(bot).toEqual(["", "", "", "", "", "", "", "places"]);
    const enc = levelsOf({ ...tiny, variant: "enc", features: 32 }, cells);
    expect(enc).toEqual(["", "convolutions", "", "places", "", "channels", "", "channels"]);
    const odd = levelsOf({ ...tiny, variant: "enc", levels: 4, features: 32 }, cells);
    expect(odd).toEqual(["", "convolutions", "places", "", "places"]);
    const abdomen = paper.presets["enc-3d"]?.target as SegmentationTarget;
    const scan = levelsOf({ ...tiny, variant: "enc", features: 32 }, abdomen);
    expect(scan).toEqual([
      ...new Array<string>(3).fill("convolutions"),
      "places",
      "places",
      "channels",
    ]);
  });

  test("the plan is that of the released networks: widths double to a bound, the coarser half has one block", () => {
    const options = paper.presets["bot-3d"]?.options as XlstmUNetOptions;
    const { stages, blocksUp } = planUNet(
      options,
      paper.presets["bot-3d"]?.target as SegmentationTarget,
    );
    expect(stages.map(({ features }) => features)).toEqual([32, 64, 128, 256, 320, 320]);
    expect(stages.map(({ blocks }) => blocks)).toEqual([2, 2, 2, 1, 1, 1]);
    expect(blocksUp).toEqual([2, 2, 2, 1, 1]);
  });

  test("patches that are too small or that strides do not divide are refused", () => {
    expect(() => build(tiny, { ...target, patch: [6, 6] })).toThrow(
      /^patches of 6 x 6 are too small for a U-Net, which needs 12 places along an axis, or 8 along two: give larger ones by --side\.$/,
    );
    expect(() => build(tiny, { ...target, patch: [18, 16] })).toThrow(
      /^patches of 18 x 16 are not divisible by the strides of the U-Net's levels, 4 x 4: give another --side\.$/,
    );
  });
});

describe.each([
  ["Bot", tiny, target],
  ["Enc", { ...tiny, variant: "enc" } as const, target],
  ["Bot of volumes", { ...tiny, features: 2 }, volume],
  ["Enc of volumes", { ...tiny, features: 2, variant: "enc" } as const, volume],
])("%s", (_, options, at) => {
  test("gives the same in every form of its memories", async () => {
    const x = drawn([1, 1, ...at.patch]);
    const results: number[][] = [];
    for (const form of ["parallel", "chunked", "recurrent"] as const) {
      const model = build({ ...options, form }, at);
      initialize(model, 2);
      const run = compile((given: Tensor) => model.forward(given)[0]);
      results.push((await run(x)).toArray());
      await run.release();
    }
    const [first = [], ...others] = results;
    for (const other of others) {
      const off = other.map((value, i) => Math.abs(value - (first[i] as number)));
      expect(Math.max(...off)).toBeLessThan(1e-4);
    }
  });
});

test("its defining property: with two levels, a place takes from one far to its left only through the memory", async () => {
  const wide = { ...target, patch: [16, 128] };
  const x = drawn([1, 1, 16, 128]);
  const changed = Float32Array.from(x.data as Float32Array);
  // One bright place at the left edge; norms alone spread a little of it everywhere.
  changed[8 * 128 + 2] = 40;
  const reach = async (reader: "Vision-LSTM" | "two more convolutions"): Promise<number> => {
    const model = withReader(reader, { ...tiny, levels: 2 }, wide);
    initialize(model, 2);
    const run = compile((given: Tensor) => model.forward(given)[0]);
    const [one, two] = [await run(x), await run(hostTensor(changed, x.shape))];
    const moves = one.toArray().map((value, i) => Math.abs(value - (two.data[i] as number)));
    // Places of the same rows, a hundred pixels away, against those above, which are read before.
    const mean = (rows: readonly [number, number]): number => {
      const own = moves.filter((__, i) => {
        const [row, column] = [Math.floor(i / 128) % 16, i % 128];
        return row >= rows[0] && row < rows[1] && column > 100 && column < 120;
      });
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    return mean([10, 14]) / mean([0, 2]);
  };
  expect(await reach("Vision-LSTM")).toBeGreaterThan(1.5 * (await reach("two more convolutions")));
});

test("a batch is learnt by heart", async () => {
  const cases = farMarkers(2, 5, 16);
  const model = build(tiny, { ...target, patch: [16, 32] });
  initialize(model, 1);
  const optimizer = adamW(model.parameters(), { learningRate: 0.01 });
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = deeplySupervised(model.forward(images), labels, diceCrossEntropy);
    optimizer.minimize(loss);
    return { loss };
  });
  const images = hostTensor(
    Float32Array.from(cases.flatMap(({ values }) => [...values])),
    [2, 1, 16, 32],
  );
  const labels = hostTensor(Int32Array.from(cases.flatMap((one) => [...one.labels])), [2, 16, 32]);
  let last = 0;
  for (let i = 0; i < 120; i++) last = (await step(images, labels)).loss.item();
  await step.release();
  expect(last).toBeLessThan(-0.7);
});

test("cells are counted: one that is found shares half of what both cover", () => {
  const [picture] = cellPictures(1, 3);
  if (!picture) throw new Error("a picture");
  const own = patchesOfCells(picture.labels, 64);
  const { found, said, wanted } = countCells(own, picture.cells);
  expect([said, wanted].every((count) => count > 3)).toBe(true);
  expect(found / Math.max(said, wanted)).toBeGreaterThan(0.9);
  expect(countCells(new Int32Array(64 * 64), picture.cells)).toEqual({ found: 0, said: 0, wanted });
  // One patch over all cells finds none.
  expect(countCells(new Int32Array(64 * 64).fill(1), picture.cells).found).toBe(0);
});

test("bands of far markers differ, and blobs stand far from their markers", () => {
  const pictures = farMarkers(20, 1);
  const kinds = pictures.map(({ labels }) =>
    [0, 1, 2, 3].map((band) => Math.max(...labels.subarray(band * 256, (band + 1) * 256))),
  );
  expect(new Set(kinds.flat())).toEqual(new Set([1, 2]));
  expect(kinds.some((bands) => new Set(bands).size === 2)).toBe(true);
  for (const { labels } of pictures) {
    for (let i = 0; i < labels.length; i++) if (labels[i]) expect(i % 32).toBeGreaterThan(20);
  }
});
