import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Parameter, Size } from "./size.ts";
import { count } from "./size.ts";

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
  const batches = await readBatches(setup);
  const trainer = await start(setup.size, await readWeights(setup));
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

async function readWeights({ parameters, weights }: Setup): Promise<Weight[]> {
  const bytes = await readFile(weights);
  let start = 0;
  return parameters.map(([path, shape]) => {
    const size = count(shape);
    const values = new Float32Array(size);
    for (let index = 0; index < size; index++) {
      values[index] = bytes.readFloatLE(4 * (start + index));
    }
    start += size;
    return { path, shape, values };
  });
}

async function readBatches({ size, tokens }: Setup): Promise<Batch[]> {
  const bytes = await readFile(tokens);
  const row = size.length + 1;
  const rows = bytes.length / 4 / row;
  return Array.from({ length: rows / size.batch }, (_, index) => {
    const pick = (offset: number) =>
      Int32Array.from({ length: size.batch * size.length }, (_, at) => {
        const line = index * size.batch + Math.floor(at / size.length);
        return bytes.readInt32LE(4 * (line * row + (at % size.length) + offset));
      });
    return { ids: pick(0), labels: pick(1) };
  });
}

function answer(message: Ready | Measured): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
