import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Parameter, Size } from "./size.ts";
import { count } from "./size.ts";
import { batchesOf, weightsOf } from "./values.ts";

/** What the runner sends first: the size, and the files that hold weights and tokens. */
export interface Setup {
  readonly size: Size;
  readonly parameters: readonly Parameter[];
  readonly weights: string;
  readonly tokens: string;
  readonly warmup: number;
}

/** The peer's answer to a setup: it is ready, and these were its first losses. */
export interface Ready {
  readonly about: string;
  readonly parameters: number;
  readonly losses: readonly number[];
}

/** What the runner sends each round; one more step, untimed, comes first. */
export interface Round {
  readonly round: number;
  readonly steps: number;
}

/** The peer's answer to a round; `outside` is the time spent outside the runtime's own call. */
export interface Measured {
  readonly milliseconds: readonly number[];
  readonly outside?: readonly number[];
  readonly peakMegabytes: number;
}

/** A batch as rows of token ids: inputs and the labels one position later, each [B, T]. */
export interface Batch {
  readonly ids: Int32Array;
  readonly labels: Int32Array;
}

/** One parameter's path, shape and initial values. */
export interface Weight {
  readonly path: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One training step: takes a batch, updates the weights, gives the loss before the update. */
export type Step = (batch: Batch) => Promise<number>;

/** A peer made ready: its step, and, where it can tell, the time its last step spent outside. */
export interface Trainer {
  readonly step: Step;
  readonly outside?: () => number;
}

/** Makes a peer's training step from the size and the common initial weights. */
export type Start = (size: Size, weights: readonly Weight[]) => Promise<Trainer>;

/** Speaks the runner's protocol over standard input and output, one JSON line a message. */
export async function serve(about: string, start: Start): Promise<void> {
  let run: ((steps: number) => Promise<Measured>) | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as Setup | Round;
    if ("size" in message) {
      const begun = await begin(start, message);
      run = begun.run;
      answer({ about, ...begun.ready });
    } else if (run !== undefined) {
      answer(await run(message.steps));
    }
  }
}

async function begin(start: Start, setup: Setup) {
  const batches = batchesOf(setup.size, new Int32Array(await readNumbers(setup.tokens)));
  const values = new Float32Array(await readNumbers(setup.weights));
  const trainer = await start(setup.size, weightsOf(setup.parameters, values));
  let done = 0;
  const step = () => trainer.step(batches[done++ % batches.length]!);
  const losses: number[] = [];
  for (let index = 0; index < Math.max(setup.warmup, 3); index++) losses.push(await step());
  const parameters = setup.parameters.reduce((total, [, shape]) => total + count(shape), 0);
  const ready = { parameters, losses: losses.slice(0, 3) };
  return { ready, run: (steps: number) => measure(trainer, step, steps) };
}

async function measure(trainer: Trainer, step: () => Promise<number>, steps: number) {
  await step();
  const milliseconds: number[] = [];
  const outside: number[] = [];
  for (let index = 0; index < steps; index++) {
    const start = performance.now();
    await step();
    milliseconds.push(performance.now() - start);
    if (trainer.outside !== undefined) outside.push(trainer.outside());
  }
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  return trainer.outside === undefined
    ? { milliseconds, peakMegabytes }
    : { milliseconds, outside, peakMegabytes };
}

/** The numbers of a file, in memory of their own. */
async function readNumbers(path: string): Promise<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function answer(message: Ready | Measured): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
