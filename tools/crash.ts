/** Kills trainings at random moments, resumes them, and compares what they end with: `npm run test:crash`. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { shapes } from "@quire/data";
import { Random } from "@quire/tensor";
import sharp from "sharp";

const SIZE = 24;
/** Checkpoints come after nearly every step, so that many kills hit the writing of one. */
const options = [
  ...["--epochs", "3", "--batch-size", "20", "--average", "0.9", "--patience", "3"],
  ...["--seed", "5", "--keep", "2", "--save-every", "0.03", "--quiet"],
];

/** What a series of kills came to. */
export interface Crashes {
  readonly kills: number;
  /** Kills that left a checkpoint half written beside the whole ones. */
  readonly whileWriting: number;
  /** Kills that came before the run's first checkpoint. */
  readonly beforeFirst: number;
  /** Runs that went to their end over all their kills. */
  readonly runs: number;
  /** Files of those runs that differ from the uninterrupted run's. */
  readonly different: readonly string[];
}

/** How trainings are killed. */
export interface CrashOptions {
  /** The command's program, `quire.js`. */
  readonly program: string;
  readonly kills: number;
  readonly seed: number;
  readonly onKill?: (kill: number) => void;
}

/** Makes pictures, trains on them once without a kill, then over and over with kills until there were enough. */
export async function crashes({ program, kills, seed, onKill }: CrashOptions): Promise<Crashes> {
  const folder = mkdtempSync(join(tmpdir(), "quire-crash-"));
  try {
    await writePictures(join(folder, "pictures"));
    const random = new Random(seed);
    const { seconds } = await trained(program, folder, ["--name", "whole", "--out", "."]);
    const counts: Counts = { kills: 0, whileWriting: 0, beforeFirst: 0, runs: 0 };
    const different: string[] = [];
    while (counts.kills < kills) {
      const run = join(folder, `run-${counts.runs}`);
      const patience = (): number | undefined =>
        counts.kills < kills ? seconds * (0.15 + 0.75 * random.uniform()) : undefined;
      while (await isKilled(program, run, patience())) {
        count(counts, checkpointFiles(run));
        onKill?.(counts.kills);
      }
      counts.runs += 1;
      different.push(...differing(run, join(folder, "whole")));
    }
    return { ...counts, different };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Counts {
  kills: number;
  whileWriting: number;
  beforeFirst: number;
  runs: number;
}

/** Counts a kill by what it left in the folder of checkpoints. */
function count(counts: Counts, left: readonly string[]): void {
  counts.kills += 1;
  if (left.some((name) => name.endsWith(".part"))) counts.whileWriting += 1;
  if (!left.some((name) => name.endsWith(".safetensors"))) counts.beforeFirst += 1;
}

/** Begins a run or goes on with it, and says whether it was killed before its end. */
async function isKilled(program: string, run: string, after: number | undefined): Promise<boolean> {
  const isBegun = existsSync(join(run, "config.json"));
  if (!isBegun) rmSync(run, { recursive: true, force: true });
  const words = isBegun ? ["--resume", run] : ["--name", basename(run), "--out", "."];
  return (await trained(program, dirname(run), words, after)).isKilled;
}

async function writePictures(folder: string): Promise<void> {
  const { images, labels, classes, imageBytes } = shapes({ count: 160, size: SIZE, seed: 4 });
  const raw = { width: SIZE, height: SIZE, channels: 3 as const };
  for (const [place, label] of labels.entries()) {
    const name = classes[label] as string;
    mkdirSync(join(folder, name), { recursive: true });
    const pixels = images.subarray(place * imageBytes, (place + 1) * imageBytes);
    await sharp(pixels, { raw })
      .png()
      .toFile(join(folder, name, `${place}.png`));
  }
}

/** Runs `quire train`, and kills it after some seconds if they are given. */
async function trained(
  program: string,
  folder: string,
  words: readonly string[],
  after?: number,
): Promise<{ readonly seconds: number; readonly isKilled: boolean }> {
  const isNew = !words.includes("--resume");
  const all = isNew ? ["cct", "--data", "pictures", ...options, ...words] : [...words, "--quiet"];
  const started = performance.now();
  const child = spawn(process.execPath, [program, "train", ...all], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const timer =
    after === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), 1000 * after);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("close", (...ended) => resolve(ended));
  });
  clearTimeout(timer);
  const wasKilled = signal === "SIGKILL";
  if (!wasKilled && code !== 0) {
    throw new Error(`quire train ${all.join(" ")} ended with ${code}: ${said}`);
  }
  return { seconds: (performance.now() - started) / 1000, isKilled: wasKilled };
}

function checkpointFiles(run: string): string[] {
  const folder = join(run, "checkpoint");
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The files of a run that are not, byte for byte, those of another. */
function differing(run: string, whole: string): string[] {
  const names = [
    ...["model.safetensors", "metrics.jsonl", "checkpoint/best.safetensors"],
    `checkpoint/${checkpointFiles(whole)
      .filter((name) => name.startsWith("step-"))
      .sort()
      .at(-1)}`,
  ];
  return names.flatMap((name) => {
    const [own, other] = [join(run, name), join(whole, name)];
    const isSame = existsSync(own) && readFileSync(own).equals(readFileSync(other));
    return isSame ? [] : [own];
  });
}

/** The command, built. */
export function builtProgram(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], { cwd: root });
  return join(root, "packages/cli/bin/quire.js");
}

async function main(): Promise<void> {
  const kills = Number(process.argv[2] ?? 50);
  const found = await crashes({
    ...{ program: builtProgram(), kills, seed: Number(process.argv[3] ?? 1) },
    onKill: (kill) => process.stderr.write(`kill ${kill} of ${kills}\n`),
  });
  process.stdout.write(
    `${found.kills} kills, ${found.whileWriting} of them while a checkpoint was written, ` +
      `${found.beforeFirst} before the first; ${found.runs} runs resumed to their end, ` +
      `${found.different.length} of their files differ from the uninterrupted run's.\n`,
  );
  for (const path of found.different) process.stdout.write(`differs: ${path}\n`);
  process.exitCode = found.different.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
