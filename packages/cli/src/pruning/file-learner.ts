import type { ExportedFunction } from "@quire/papers";
import { ImportedSystem } from "@quire/papers/imported-system";
import { HostTensor, hostTensor, Random, scoresOf, Tensor, type Tree } from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import { UsageError } from "../errors.ts";
import type { Subject, SubjectData } from "../subject/subject.ts";
import type { Learner, Learning } from "./learner.ts";

/** The inputs by their places, `input0` and so on, and `labels`. */
type FileBatch = { readonly [name: string]: HostTensor };

/** Examples of a file's inputs with their classes. */
interface Labelled {
  /** `[N, ...]` each. */
  readonly inputs: readonly HostTensor[];
  readonly labels: Int32Array;
  /** How many the model is given at a time. */
  readonly size: number;
}

/** Others' models are trained on with care: they know more than these data show. */
const recipe = { epochs: 10, learningRate: 1e-4, weightDecay: 0.01 };

/**
 * An ONNX file as something that learns: its scores of classes by the examples' labels, or by its own answers where
 * there are none. Without examples it can learn nothing, but be pruned by what its weights are.
 *
 * @throws UsageError when no output has a score for each class, or there are no examples.
 */
export async function fileLearner(
  { name, again }: Subject,
  data: SubjectData | undefined,
  seed: number,
): Promise<Learner> {
  const [own, teacher] = [await again(), await again()];
  if (!(own instanceof ImportedSystem))
    throw new TypeError("a file is opened as an imported system");
  const examples = data
    ? await labelled(own, data, name)
    : { inputs: [], labels: new Int32Array(), size: 1 };
  const first = Object.values(own.exported.inputs).map(({ shape }) => shape[0]);
  const learning = (exported: ExportedFunction): Learning<FileBatch> => {
    const scores = (batch: Readonly<Record<string, Tensor>>): Tensor =>
      scoresIn(
        exported.run(...examples.inputs.map((_, i) => batch[`input${i}`] as Tensor)),
        examples.labels,
        name,
      );
    return {
      scores,
      loss: (batch) => crossEntropy(scores(batch), batch["labels"] as Tensor),
      batchesPerEpoch: Math.floor(examples.labels.length / examples.size),
      batches: (epoch) => shuffled(examples, seed, epoch),
    };
  };
  return {
    ...{ system: own, recipe },
    ...(first.some((size) => typeof size === "number") && { fixedRows: examples.size }),
    withData: (use) => use<FileBatch>(learning(own.exported), learning(teacher.exported)),
    release: async () => {
      await Promise.all([own.release(), teacher.release()]);
    },
  };
}

/** All examples in one piece, with labels. */
async function labelled(
  system: ImportedSystem,
  data: SubjectData,
  name: string,
): Promise<Labelled> {
  const calls: (readonly HostTensor[])[] = [];
  for await (const call of data.examples?.() ?? []) calls.push(call);
  const size = calls[0]?.[0]?.shape[0] ?? 0;
  const labels = data.labels?.slice(0, calls.length * size) ?? (await answers(system, calls, name));
  const inputs = (calls[0] ?? []).map((_, i) => joined(calls.map((call) => call[i] as HostTensor)));
  return { inputs, labels, size };
}

/** The classes that the model itself takes examples for. */
async function answers(
  system: ImportedSystem,
  calls: readonly (readonly HostTensor[])[],
  name: string,
): Promise<Int32Array> {
  const found: number[] = [];
  for (const call of calls) {
    const outputs = Object.values(await system.run(call));
    const scores = outputs.find(isScores);
    if (!scores) throw noScores(name);
    const [rows, classes] = scores.shape as readonly [number, number];
    const values = scores.toArray();
    for (let row = 0; row < rows; row++) {
      const own = values.slice(row * classes, (row + 1) * classes);
      found.push(own.indexOf(Math.max(...own)));
    }
  }
  return Int32Array.from(found);
}

function isScores({ shape, dtype }: Tensor | HostTensor): boolean {
  return shape.length === 2 && dtype === "float32" && (shape[1] as number) > 1;
}

function scoresIn(outputs: Tree<Tensor>, labels: Int32Array, name: string): Tensor {
  const most = labels.reduce((largest, label) => Math.max(largest, label), 0);
  const all = outputs instanceof Tensor ? [outputs] : (Object.values(outputs) as Tensor[]);
  const found = all.find((output) => isScores(output) && (output.shape[1] as number) > most);
  if (!found) throw noScores(name);
  return scoresOf(found);
}

function noScores(name: string): UsageError {
  return new UsageError(
    `"${name}.onnx" has no output [examples, classes], whose loss could be told: use --method magnitude without --gradual.`,
  );
}

function joined(parts: readonly HostTensor[]): HostTensor {
  const [{ dtype, shape, data }] = parts as readonly [HostTensor];
  const values = new (data.constructor as new (length: number) => typeof data)(
    data.length * parts.length,
  );
  for (const [i, part] of parts.entries()) values.set(part.data as never, i * data.length);
  return new HostTensor(dtype, [(shape[0] as number) * parts.length, ...shape.slice(1)], values);
}

/** An epoch's batches, in a new order each time. */
function* shuffled(
  { inputs, labels, size }: Labelled,
  seed: number,
  epoch: number,
): Generator<FileBatch> {
  const order = new Random(seed).fork("examples").fork(epoch).permutation(labels.length);
  for (let start = 0; start + size <= order.length; start += size) {
    const places = order.subarray(start, start + size);
    const own = inputs.map((input, i) => [`input${i}`, rowsAt(input, places)] as const);
    const classes = Int32Array.from(places, (place) => labels[place] as number);
    yield { ...Object.fromEntries(own), labels: hostTensor(classes, [size], "int32") };
  }
}

function rowsAt({ dtype, shape, data }: HostTensor, places: Int32Array): HostTensor {
  const row = data.length / (shape[0] as number);
  const values = data.slice(0, places.length * row);
  for (const [i, place] of places.entries()) {
    values.set(data.subarray(place * row, (place + 1) * row) as never, i * row);
  }
  return new HostTensor(dtype, [places.length, ...shape.slice(1)], values);
}
