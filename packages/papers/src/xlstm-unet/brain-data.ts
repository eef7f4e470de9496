// D slices, H rows, W columns

import { brainAtlas } from "@quire/data/files";
import type { Size } from "../tasks/segmentation-data.ts";
import { type SegmentationCase, standardized } from "../tasks/segmentation-data.ts";

/** Regions of the brain, merged by lobes. */
export const regions = [
  "background",
  "frontal",
  "inner",
  "parietal and occipital",
  "temporal",
  "cerebellum",
] as const;

/** By the thousands of the atlas's codes: frontal, insula, limbic, occipital, parietal, deep, temporal, cerebellum. */
const lobes: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 2, 8: 4, 9: 5 };

/** A head on a coarser grid. */
interface Head {
  readonly values: Float32Array;
  readonly labels: Uint8Array;
  readonly size: Size;
}

/** The atlas's head in blocks of so many millimetres: the mean of their values, the region of their middle. */
async function coarseHead(block: number): Promise<Head> {
  const { image, regions: atlas, names } = await brainAtlas();
  const [depth, height, width] = image.shape as unknown as Size;
  const size = [depth, height, width].map((length) =>
    Math.floor(length / block),
  ) as unknown as Size;
  const [d, h, w] = size;
  const values = new Float32Array(d * h * w);
  const labels = new Uint8Array(d * h * w);
  for (let place = 0; place < values.length; place++) {
    const [z, y, x] = [Math.floor(place / (h * w)), Math.floor(place / w) % h, place % w];
    const at = (dz: number, dy: number, dx: number): number =>
      ((z * block + dz) * height + y * block + dy) * width + x * block + dx;
    for (let i = 0; i < block ** 3; i++) {
      const [dz, dy, dx] = [Math.floor(i / block ** 2), Math.floor(i / block) % block, i % block];
      values[place] = (values[place] as number) + (image.values[at(dz, dy, dx)] as number);
    }
    const half = Math.floor(block / 2);
    const { code = 0 } = names.get(atlas.values[at(half, half, half)] as number) ?? {};
    labels[place] = lobes[Math.floor(code / 1000)] ?? 0;
  }
  return { values, labels, size };
}

/** Part of a slab of slices that is learnt from, measured on while training, or measured on at the end; gaps between. */
const slab = [
  "train",
  "train",
  "train",
  "train",
  "train",
  "",
  "test",
  "test",
  "validation",
  "test",
  "test",
  "",
];

/** What is learnt from, and measured on. */
export interface BrainData {
  readonly train: readonly SegmentationCase[];
  readonly validation: readonly SegmentationCase[];
  readonly test: readonly SegmentationCase[];
}

/** The fewest places of regions that a slice has to be worth looking at. */
const FEWEST = 100;

/** Axial slices, three millimetres a side and apart, parted in slabs so that no neighbour of a test slice is learnt. */
export async function brainSlices(): Promise<BrainData> {
  const { values, labels, size } = await coarseHead(3);
  const [depth, height, width] = size;
  const plane = height * width;
  const parts: Record<string, SegmentationCase[]> = { train: [], validation: [], test: [] };
  for (let z = 0; z < depth; z++) {
    const own = labels.slice(z * plane, (z + 1) * plane);
    if (own.filter((label) => label > 0).length < FEWEST) continue;
    parts[slab[z % slab.length] ?? ""]?.push({
      ...{ name: `slice ${z}`, labels: own, channels: 1, size: [1, height, width] },
      values: standardized(values.slice(z * plane, (z + 1) * plane), 1),
    });
  }
  const { train = [], validation = [], test = [] } = parts;
  return { train, validation, test };
}

/** Halves of the head, six millimetres a side, so that one patch holds a half: the left is learnt from, the right, mirrored, is measured on. */
export async function brainHalves(): Promise<BrainData> {
  const { values, labels, size } = await coarseHead(6);
  const [depth, height, width] = size;
  const half = Math.floor(width / 2);
  const own = (name: string, column: (x: number) => number, rows: readonly [number, number]) => {
    const [from, to] = rows;
    const part = [depth, to - from, half] as const;
    const cut = new Float32Array(depth * (to - from) * half);
    const cutLabels = new Uint8Array(cut.length);
    for (let place = 0; place < cut.length; place++) {
      const x = place % half;
      const y = (Math.floor(place / half) % (to - from)) + from;
      const z = Math.floor(place / (half * (to - from)));
      const at = (z * height + y) * width + column(x);
      cut[place] = values[at] as number;
      cutLabels[place] = labels[at] as number;
    }
    const standard = standardized(cut, 1);
    return { name, values: standard, labels: cutLabels, channels: 1, size: part };
  };
  const left = own("left half", (x) => x, [0, height]);
  const right = own("right half", (x) => width - 1 - x, [0, height]);
  return { train: [left], validation: [right], test: [right] };
}
