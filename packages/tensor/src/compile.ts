import { QuireError } from "./errors.ts";
import { Tensor } from "./graph/node.ts";
import { applyPatches, type VariablePatch, withPatches } from "./graph/patches.ts";
import { type Recording, type Returned, record } from "./graph/record.ts";
import type { GraphTransform } from "./graph/transform.ts";
import { leavesOf, mapTree, type Tree } from "./graph/tree.ts";
import type { Variable } from "./graph/variable.ts";
import { HostTensor, hostTensor } from "./host.ts";
import { log } from "./log.ts";
import { Quantizer } from "./quantize/quantizer.ts";
import type { Quantization } from "./quantize/scheme.ts";
import { optimize } from "./rewrite/index.ts";
import { joinUpdates } from "./rewrite/joined-updates.ts";
import { defaultRuntime } from "./run/default.ts";
import { type FrozenWeight, loadModel } from "./run/load-graph.ts";
import type { Buffer, Runtime, Session } from "./run/runtime.ts";
import { loadStages } from "./run/staged-session.ts";
import { isStaged } from "./run/stages.ts";
import { turns } from "./run/turns.ts";
import { type TensorType, typeText } from "./shape.ts";

/** What a compiled function takes where the traced one takes recipes; a number is a float32 scalar. */
export type Fed<T> = T extends Tensor
  ? HostTensor | number
  : { readonly [K in keyof T]: Fed<T[K]> };

/** What a compiled function gives where the traced one returns recipes. */
export type Fetched<T> = T extends Tensor
  ? HostTensor
  : T extends void
    ? undefined
    : { readonly [K in keyof T]: Fetched<T[K]> };

/** A traced function that runs: one call is one run of one ONNX model. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: { [K in keyof A]: Fed<A[K]> }): Promise<Fetched<R>>;
  /** Traces and loads the model for arguments of this kind without running it; allocates no variable. */
  prepare(...args: { [K in keyof A]: Fed<A[K]> }): Promise<void>;
  /** How many times it was traced: once for each kind of arguments. */
  readonly traces: number;
  /** Gives back the memory of all models it has loaded. */
  release(): Promise<void>;
}

/** Where and how a function is compiled. */
export interface CompileOptions {
  /** The runtime; the platform's own unless said. */
  readonly runtime?: Runtime;
  /** What messages call the function. */
  readonly name?: string;
  /** How weights are stored: those that the variables have when the function is first called, from then on. */
  readonly quantization?: Quantization | Quantizer;
  /** What is changed of the function before it is simplified. */
  readonly transform?: GraphTransform;
}

interface Executable {
  readonly recording: Recording;
  readonly session: Session;
  readonly runtime: Runtime;
  /** How variables are written over after a run. */
  readonly patches: readonly VariablePatch[];
}

/**
 * Traces a function once for each kind of arguments (their shapes and dtypes), differentiates and rewrites
 * what it builds, and gives an asynchronous function that runs it. Variables it touches are found, fed and kept.
 *
 * @throws QuireError when a call's arguments are no host tensors or numbers.
 */
export function compile<A extends readonly Tree<Tensor>[], R extends Returned>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  const name = options.name ?? (fn.name || "function");
  const executables = new Map<string, Promise<Executable>>();
  const { quantization } = options;
  const quantizer =
    quantization instanceof Quantizer || !quantization ? quantization : new Quantizer(quantization);
  const fedFrom = (args: readonly unknown[]): Tree<HostTensor>[] =>
    args.map((arg, i) => toHost(arg, `argument ${i} of ${name}`));
  const executableFor = (fed: readonly Tree<HostTensor>[]): Promise<Executable> => {
    const key = JSON.stringify(fed, signatureOf);
    const known = executables.get(key);
    if (known) return known;
    log(() => `tracing ${name} for ${signatureText(fed)}, trace ${executables.size + 1}`);
    const executable = prepare(fn, fed, name, { ...options, quantizer });
    executables.set(key, executable);
    executable.catch(() => executables.delete(key));
    return executable;
  };
  const call = async (...args: readonly unknown[]): Promise<unknown> => {
    const fed = fedFrom(args);
    return run(await executableFor(fed), fed);
  };
  return Object.defineProperties(call, {
    prepare: {
      value: async (...args: readonly unknown[]) => {
        await executableFor(fedFrom(args));
      },
    },
    traces: { get: () => executables.size },
    release: {
      value: async () => {
        const loaded = await Promise.all(executables.values());
        executables.clear();
        await Promise.all(loaded.map(({ session }) => session.release()));
      },
    },
  }) as unknown as Compiled<A, R>;
}

function isHost(value: unknown): value is HostTensor {
  return value instanceof HostTensor;
}

/** Turns numbers into scalars and refuses what is no tensor. */
function toHost(value: unknown, where: string): Tree<HostTensor> {
  if (isHost(value)) return value;
  if (typeof value === "number") return hostTensor([value], []);
  const isBranch = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  if (!isBranch) {
    const kind = ArrayBuffer.isView(value) ? value.constructor.name : typeof value;
    throw new QuireError(
      `${where} must be a HostTensor or a number, got ${kind}; use hostTensor().`,
    );
  }
  if (Array.isArray(value)) return value.map((item, i) => toHost(item, `${where}[${i}]`));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toHost(item, `${where}.${key}`)]),
  );
}

function signatureOf(_: string, value: unknown): unknown {
  return isHost(value) ? typeText(value) : value;
}

function signatureText(args: readonly Tree<HostTensor>[]): string {
  return leavesOf<HostTensor>(args, isHost)
    .map(({ leaf }) => typeText(leaf))
    .join(", ");
}

async function prepare<A extends readonly Tree<Tensor>[]>(
  fn: (...args: A) => Returned,
  args: readonly Tree<HostTensor>[],
  name: string,
  { runtime, quantizer, transform }: CompileOptions & { readonly quantizer: Quantizer | undefined },
): Promise<Executable> {
  const started = performance.now();
  const plain = record(fn, args as readonly Tree<TensorType>[]);
  const recorded = transform ? await transform.apply(plain) : plain;
  const simplified = { ...recorded, graph: optimize(recorded.graph) };
  const place = runtime ?? (await defaultRuntime());
  const applied = quantizer ? await quantizer.apply(simplified) : simplified;
  const { recording: patched, patches } = place.isHostMemory
    ? withPatches(applied)
    : { recording: applied, patches: [] };
  const joined = joinUpdates(patched, place.mostOperands ?? Number.MAX_SAFE_INTEGER);
  const { recording, weights } = apart(joined, quantizer?.frozen(applied) ?? []);
  const { graph } = recording;
  const frozen: FrozenWeight[] = [];
  for (const variable of weights) {
    await variable.moveTo(place);
    frozen.push({ variable, values: await variable.front(place).read() });
  }
  const traced = performance.now();
  const load = isStaged(graph) ? loadStages : loadModel;
  const { session, bytes } = await load(place, graph, frozen);
  log(
    () =>
      `compiled ${name}: traced in ${(traced - started).toFixed(0)} ms, ` +
      `loaded in ${(performance.now() - traced).toFixed(0)} ms, ${bytes} bytes`,
  );
  return { recording, session, runtime: place, patches };
}

/** A recording whose graph has the given variables as its last inputs, and does not count them among what it reads. */
function apart(
  recording: Recording,
  weights: readonly Variable[],
): { readonly recording: Recording; readonly weights: readonly Variable[] } {
  const { graph, reads } = recording;
  const own = graph.inputs.length - reads.length;
  const inputOf = (variable: Variable): Tensor =>
    graph.inputs[own + reads.indexOf(variable)] as Tensor;
  const live = reads.filter((variable) => !weights.includes(variable));
  const inputs = [...graph.inputs.slice(0, own), ...[...live, ...weights].map(inputOf)];
  return { recording: { ...recording, graph: { ...graph, inputs }, reads: live }, weights };
}

/** Runs that share variables, or a model with memory of its own, must not overlap. */
const inTurn = turns();

async function run(executable: Executable, args: readonly Tree<HostTensor>[]): Promise<unknown> {
  const { recording, runtime, session, patches } = executable;
  const { reads, writes, graph, result } = recording;
  const leaves = leavesOf<HostTensor>(args, isHost);
  const results = graph.outputs.slice(0, graph.outputs.length - writes.length);
  const fetched = results.map((tensor) => runtime.allocate(tensor));
  await inTurn(async () => {
    for (const variable of [...reads, ...writes]) await variable.moveTo(runtime);
    const fed = leaves.map(({ leaf }) => runtime.allocate(leaf, leaf.data));
    const state = reads.map((variable) => variable.front(runtime));
    const next = writes.map((variable) => variable.back(runtime));
    await session.run([...fed, ...state], [...fetched, ...next]);
    for (const variable of writes) variable.swap();
    if (patches.length > 0) await patch(executable, fetched);
  }, [session, ...reads, ...writes]);
  const values = await Promise.all(fetched.map(toHostTensor));
  return mapTree(
    result,
    (value): value is Tensor => value instanceof Tensor,
    () => values.shift() as HostTensor,
  );
}

/** Writes over variables what the run's last results say. */
async function patch({ runtime, patches }: Executable, fetched: readonly Buffer[]): Promise<void> {
  const count = Math.max(...patches.flatMap(({ operands }) => operands)) + 1;
  const further = await Promise.all(fetched.slice(fetched.length - count).map(toHostTensor));
  const placed = patches.map(async (one) => {
    return { ...one, memory: await one.variable.front(runtime).read() };
  });
  applyPatches(await Promise.all(placed), further);
}

async function toHostTensor(buffer: Buffer): Promise<HostTensor> {
  return new HostTensor(buffer.dtype, buffer.shape, await buffer.read());
}
