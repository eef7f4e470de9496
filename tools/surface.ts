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
  const lines = (text: readonly string[], other: readonly string[]): string[] =>
    text.filter((line) => line !== "" && !other.includes(line));
  return [
    ...differ(path, before, "lost", lines(before, after)),
    ...differ(path, before, "gained", lines(after, before)),
  ];
}

function differ(
  file: string,
  stored: readonly string[],
  verb: string,
  names: readonly string[],
): Finding[] {
  if (names.length === 0) return [];
  const line = Math.max(1, stored.indexOf(names[0] as string) + 1);
  const what = `the public surface ${verb} ${names.join(", ")}`;
  const advice = "if that is meant, run npm run surface and commit the snapshot";
  return [{ file, line, what, advice }];
}
