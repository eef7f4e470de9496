import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Checker, Finding, House } from "./finding.ts";
import { entries, publicNames } from "./public-names.ts";

/** Compares each package's public names with their snapshot in `docs/surface`. */
export const surface: Checker = {
  name: "surface",
  run: (house) => [...house.manifests.keys()].flatMap((folder) => compare(house, folder)),
};

/** Writes the snapshots of all packages under `root`. */
export function updateSurface(house: House, root: string): void {
  for (const folder of house.manifests.keys()) {
    const path = join(root, snapshotPath(folder));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, snapshot(house, folder));
  }
}

/** Writes a package's public names as text, one a line under each entry point. */
export function snapshot(house: House, folder: string): string {
  return entries(house, folder)
    .map(({ name, path }) => {
      const names = [...publicNames(house, path)].map(([key, { kind }]) => `${key}: ${kind}`);
      return `${[`# ${name}`, ...names.sort()].join("\n")}\n`;
    })
    .join("\n");
}

function snapshotPath(folder: string): string {
  return `docs/surface/${folder}.txt`;
}

function compare(house: House, folder: string): Finding[] {
  const path = snapshotPath(folder);
  const stored = house.sources.find((source) => source.path === path)?.text ?? "";
  const before = stored.split("\n");
  const after = snapshot(house, folder).split("\n");
  const gone = before.filter((line) => line !== "" && !after.includes(line));
  const come = after.filter((line) => line !== "" && !before.includes(line));
  const advice = "if that is meant, run npm run surface and commit the snapshot";
  return [
    ...gone.map((line) => {
      const what = `the public surface lost "${line}"`;
      return { file: path, line: before.indexOf(line) + 1, what, advice };
    }),
    ...come.map((line) => {
      return { file: path, line: 1, what: `the public surface gained "${line}"`, advice };
    }),
  ];
}
