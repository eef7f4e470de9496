import { namedOutputs, randomInputs } from "@quire/papers/exported";
import { largestIn, type Outputs, outputDifference } from "@quire/papers/output-difference";
import {
  type Compiled,
  type CompileOptions,
  compile,
  countParameters,
  exportOnnx,
  type HostTensor,
  record,
  type Tensor,
} from "@quire/tensor";
import type { Subject } from "./subject.ts";

/** How a model and what was made of it compare. */
export interface Proof {
  readonly before: Size;
  readonly after: Size;
  readonly differences: readonly Compared[];
}

/** What a model costs. */
export interface Size {
  /** How many numbers its weights are. */
  readonly weights: number;
  /** Of its ONNX file, with its weights. */
  readonly bytes: number;
  /** The median time of a call. */
  readonly milliseconds: number;
}

/** How far outputs lie from those of before. */
export interface Compared {
  readonly inputs: "random" | "real";
  readonly calls: number;
  readonly largest: number;
  /** The largest value of before, to judge by. */
  readonly largestValue: number;
}

type Change = Pick<CompileOptions, "transform">;

/** So many draws and so many examples are compared at most. */
const DRAWS = 5;
const EXAMPLES = 50;
/** Rounds of timing, in which both take turns. */
const ROUNDS = 31;
/** Examples of a call that is timed where a model takes any number. */
const TIMED_BATCH = 8;

/** Compares what a subject computes with what it computes once it is changed, on random and on real inputs. */
export async function proofOf(subject: Subject, after: Change, seed: number): Promise<Proof> {
  const { exported } = subject.system;
  const [plain, changed] = [compiledWith(subject, subject.compile), compiledWith(subject, after)];
  const draws = Array.from({ length: DRAWS }, (_, i) => randomInputs(exported, seed + i));
  const differences: Compared[] = [await compared("random", draws, plain, changed)];
  const examples = await firstOf(subject.data?.examples?.() ?? [], EXAMPLES);
  if (examples.length > 0) differences.push(await compared("real", examples, plain, changed));
  const timed = randomInputs(exported, seed, TIMED_BATCH);
  const times = await timesOf([plain, changed], timed);
  const size = async (change: Change, milliseconds: number): Promise<Size> => ({
    ...(await storedSize(subject, change)),
    milliseconds,
  });
  await Promise.all([plain.release(), changed.release()]);
  return {
    before: await size(subject.compile, times[0] as number),
    after: await size(after, times[1] as number),
    differences,
  };
}

type Run = Compiled<Tensor[], Record<string, Tensor>>;

function compiledWith({ system: { exported } }: Subject, change: Change): Run {
  return compile(namedOutputs(exported), change);
}

async function compared(
  inputs: Compared["inputs"],
  calls: readonly (readonly HostTensor[])[],
  plain: Run,
  changed: Run,
): Promise<Compared> {
  const [before, after]: [Outputs[], Outputs[]] = [[], []];
  for (const call of calls) {
    before.push(await plain(...(call as HostTensor[])));
    after.push(await changed(...(call as HostTensor[])));
  }
  const { largest } = outputDifference(after, before);
  return { inputs, calls: calls.length, largest, largestValue: largestIn(before) };
}

/** The median milliseconds of a call of each, which take turns. */
async function timesOf(runs: readonly Run[], inputs: readonly HostTensor[]): Promise<number[]> {
  const times = runs.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const started = performance.now();
      await run(...(inputs as HostTensor[]));
      // The first call of each compiles.
      if (round > 0) times[i]?.push(performance.now() - started);
    }
  }
  return times.map((own) => own.toSorted((a, b) => a - b)[ROUNDS >> 1] as number);
}

async function storedSize(
  { system: { exported } }: Subject,
  change: Change,
): Promise<Pick<Size, "weights" | "bytes">> {
  const { inputs, outputs, metadata, samples } = exported;
  const run = (...given: Tensor[]) => exported.run(...given);
  const types = randomInputs(exported, 0);
  const plain = record(run, types);
  const { reads } = change.transform ? await change.transform.apply(plain) : plain;
  const made = await exportOnnx(run, {
    ...{ inputs, outputs: Object.keys(outputs), metadata, ...change },
    ...(samples && { samples }),
  });
  let bytes = made.model.length;
  for await (const chunk of made.externalData?.chunks() ?? []) bytes += chunk.length;
  return { weights: countParameters(reads), bytes };
}

async function firstOf<T>(all: Iterable<T> | AsyncIterable<T>, count: number): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) {
    if (found.length === count) break;
    found.push(one);
  }
  return found;
}
