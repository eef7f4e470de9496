import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { link, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { QuireError } from "@quire/tensor";
import type { NamedTensors, SafetensorsContent } from "../../safetensors.ts";
import { loadSafetensors, saveSafetensors } from "../safetensors-file.ts";

/** Which checkpoints are kept. */
export interface CheckpointOptions {
  /** The last ones, so many; 2 unless said, so that one is left where the last is damaged. */
  readonly keep?: number;
}

/** A checkpoint that was read. */
export interface StoredCheckpoint {
  readonly path: string;
  readonly content: Required<SafetensorsContent>;
  /** Newer ones that are damaged. */
  readonly damaged?: readonly string[];
}

/** A checkpoint that cannot be gone on with. */
export class CheckpointError extends QuireError {
  override readonly name: string = "CheckpointError";
}

const FOLDER = "checkpoint";
const BEST = "best.safetensors";
const step = /^step-(\d+)\.safetensors$/;
/** What a process leaves that was killed while it wrote. */
const leftover = /\.part$|^best\.next$/;
/** The metadata's word for the hash of all else. */
const HASH = "sha256";

/** The checkpoints of a run's folder: the last ones and the best one, each whole or not there. */
export class Checkpoints {
  readonly folder: string;
  readonly #keep: number;

  constructor(run: string, { keep = 2 }: CheckpointOptions = {}) {
    this.folder = join(run, FOLDER);
    this.#keep = keep;
  }

  /** Makes the folder, and clears away what a killed process left. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const names = await readdir(this.folder);
    for (const name of names.filter((one) => leftover.test(one))) {
      await rm(join(this.folder, name), { force: true });
    }
  }

  /** Stores a training's state; older checkpoints go once it stands. */
  async save(content: SafetensorsContent, isBest = false): Promise<string> {
    const { tensors, metadata = {} } = content;
    const path = join(this.folder, nameOf(metadata));
    const told = { ...metadata, [HASH]: hashOf(tensors, metadata) };
    await saveSafetensors(path, { tensors, metadata: told });
    if (isBest) await this.markBest(path);
    const old = (await this.paths()).filter((one) => one !== path).slice(this.#keep - 1);
    for (const one of old) await rm(one, { force: true });
    return path;
  }

  /** Keeps a checkpoint as the best one: a second name for the file, put over the one before in one move. */
  async markBest(path: string): Promise<void> {
    if (path === this.#bestPath) return;
    const next = join(this.folder, "best.next");
    await rm(next, { force: true });
    await link(path, next);
    await rename(next, this.#bestPath);
  }

  get #bestPath(): string {
    return join(this.folder, BEST);
  }

  /** Takes damaged files out of the checkpoints, under a name that says so; they could crowd out good ones. */
  async setAside(paths: readonly string[]): Promise<void> {
    for (const path of paths) await rename(path, `${path}.damaged`);
  }

  /** Paths of the last checkpoints, the newest first. */
  async paths(): Promise<string[]> {
    if (!existsSync(this.folder)) return [];
    return (await readdir(this.folder))
      .filter((name) => step.test(name))
      .sort()
      .reverse()
      .map((name) => join(this.folder, name));
  }

  /**
   * The newest checkpoint; nothing where there is none.
   *
   * @param fallback Whether an older one, the best one in the end, will do where it is damaged.
   * @throws CheckpointError that names a damaged file and what is wrong with it.
   */
  async latest({ fallback = false } = {}): Promise<StoredCheckpoint | undefined> {
    const last = await this.paths();
    const paths = fallback && existsSync(this.#bestPath) ? [...last, this.#bestPath] : last;
    const damaged: string[] = [];
    let first: CheckpointError | undefined;
    for (const path of paths) {
      try {
        return { path, content: await readChecked(path), damaged };
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        if (!fallback) throw advised(error, this.#hasOther(path, last) ? before : nothing);
        damaged.push(path);
        first ??= error;
      }
    }
    if (first) throw advised(first, nothing);
    return undefined;
  }

  /** Whether another checkpoint stands than the last one; the best one may be a second name of it. */
  #hasOther(path: string, last: readonly string[]): boolean {
    if (last.length > 1) return true;
    const best = this.#bestPath;
    return existsSync(best) && statSync(best).ino !== statSync(path).ino;
  }

  /**
   * The state of when the metric was best; nothing where none was measured.
   *
   * @throws CheckpointError where it is damaged.
   */
  async best(): Promise<StoredCheckpoint | undefined> {
    const path = this.#bestPath;
    if (!existsSync(path)) return undefined;
    const content = await readChecked(path).catch((error: unknown) => {
      throw error instanceof CheckpointError ? advised(error, withoutBest) : error;
    });
    return { path, content };
  }

  /** Takes the best one out of the checkpoints where it is damaged; the path of what was taken out. */
  async setBestAside(): Promise<readonly string[]> {
    const path = this.#bestPath;
    try {
      if (existsSync(path)) await readChecked(path);
      return [];
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      await this.setAside([path]);
      return [path];
    }
  }
}

function nameOf({ step: number = "0" }: Readonly<Record<string, string>>): string {
  return `step-${number.padStart(8, "0")}.safetensors`;
}

/** The step that a checkpoint's name tells. */
export function stepOf(path: string): number {
  return Number(/(\d+)\.safetensors$/.exec(path)?.[1] ?? 0);
}

/** Of the texts too: they say where in the data a training stands. */
function hashOf(tensors: NamedTensors, metadata: Readonly<Record<string, string>>): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const name of [...tensors.keys()].sort()) {
    const { dtype, shape, data } = tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>;
    hash.update(`${name} ${dtype} ${shape.join()}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

async function readChecked(path: string): Promise<Required<SafetensorsContent>> {
  const content = await loadSafetensors(path).catch((cause: unknown) => {
    if (!(cause instanceof QuireError)) throw cause;
    throw new CheckpointError(`The checkpoint is damaged: ${cause.message}`, { cause });
  });
  const { [HASH]: hash, ...metadata } = content.metadata;
  if (hash === hashOf(content.tensors, metadata)) return { tensors: content.tensors, metadata };
  throw new CheckpointError(
    `The checkpoint is damaged: ${path}: its values are not those that were written.`,
  );
}

/** What to do about a damaged checkpoint. */
const before = "Restore the file, or go on from the checkpoint before it (--fallback).";
const nothing = "Restore the file, or train again: there is no checkpoint before it.";
const withoutBest =
  "Restore the file, or go on without it (--fallback): the run then ends with its last weights, unless a later epoch is better.";

function advised(error: CheckpointError, advice: string): CheckpointError {
  return new CheckpointError(`${error.message} ${advice}`, { cause: error });
}
