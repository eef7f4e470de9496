import { DataError } from "../errors.ts";
import type { Volume } from "../tasks/volume.ts";
import { readBytes } from "./read.ts";
import { readVolumes } from "./read-tasks.ts";

/** Where Debian's package mricron-data puts its volumes. */
const FOLDER = "/usr/share/mricron/templates";

/** A head in MRI, and the region of the brain that each of its voxels belongs to. */
export interface BrainAtlas {
  /** T1-weighted MRI of one person, 27 scans averaged (Holmes et al. 1998). */
  readonly image: Volume;
  /** The number of the region of each voxel, 0 outside (Tzourio-Mazoyer et al. 2002). */
  readonly regions: Volume;
  /** By each region's number its name, such as `Precentral_L`, and its code, whose thousands are its lobe. */
  readonly names: ReadonlyMap<number, { readonly name: string; readonly code: number }>;
}

/**
 * The brain called ch2 with the regions of the atlas AAL, of Debian's package mricron-data.
 *
 * @param folder where the package's volumes are.
 * @throws DataError when they are not there.
 */
export async function brainAtlas(folder = FOLDER): Promise<BrainAtlas> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  const [image, regions, table] = ["ch2.nii.gz", "aal.nii.gz", "aal.nii.txt"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const file of [image, regions, table]) {
    if (existsSync(file)) continue;
    throw new DataError(
      `brainAtlas: there is no ${file}: run "apt-get install mricron-data", or give the folder of its templates.`,
    );
  }
  const { volumes } = await readVolumes(image, regions);
  const [pair] = volumes;
  const lines = new TextDecoder()
    .decode(await readBytes(table, "atlas"))
    .trim()
    .split(/\r?\n/);
  const names = lines.map((line) => {
    const [number = "", name = "", code = ""] = line.trim().split(/\s+/);
    return [Number(number), { name, code: Number(code) }] as const;
  });
  if (!pair)
    throw new DataError(`brainAtlas: ${image} holds no volume: install the package again.`);
  return { image: pair.image, regions: pair.mask, names: new Map(names) };
}
