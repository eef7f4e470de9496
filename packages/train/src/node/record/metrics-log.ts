import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";

/** What an epoch gave; epochs count from 1. */
export interface EpochPoint {
  readonly epoch: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A run's `metrics.jsonl`: a line an epoch, `{"epoch": 1, "trainingLoss": 0.7, ...}`. */
export class MetricsLog {
  readonly path: string;
  readonly points: EpochPoint[] = [];

  constructor(run: string) {
    this.path = join(run, "metrics.jsonl");
  }

  /** Keeps the lines of the epochs that are done, and takes back later ones, which will come again. */
  async open(epochs: number): Promise<void> {
    const text = existsSync(this.path) ? await readFile(this.path, "utf8") : "";
    const found = text.split("\n").flatMap(pointOf);
    this.points.push(...found.filter(({ epoch }) => epoch <= epochs));
    await writeFileAtomic(this.path, [Buffer.from(this.points.map(lineOf).join(""))]);
  }

  /** Adds an epoch, which lasts before a checkpoint after it does. */
  async add(point: EpochPoint): Promise<void> {
    this.points.push(point);
    const file = await open(this.path, "a");
    try {
      await file.writeFile(lineOf(point));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function lineOf({ epoch, values }: EpochPoint): string {
  return `${JSON.stringify({ epoch, ...values })}\n`;
}

/** The point that a line tells of; a line that was cut off by a kill tells of none. */
function pointOf(line: string): EpochPoint[] {
  try {
    const { epoch, ...values } = JSON.parse(line) as Record<string, number>;
    return epoch === undefined ? [] : [{ epoch, values }];
  } catch {
    return [];
  }
}
