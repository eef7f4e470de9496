import {
  abs,
  compile,
  type GraphTransform,
  type HostTensor,
  max,
  mean,
  type Node,
  type Recording,
  sizeOf,
  sorted,
  substituted,
  type Tensor,
  Variable,
  variableInput,
  variableOf,
} from "@quire/tensor";
import { foundNorms, type NormKind } from "./found-norms.ts";
import { isKnown } from "./passing.ts";
import { rewriteNorms } from "./rewrite.ts";
import { type Streams, streamOf } from "./streams.ts";

/**
 * Gives functions cheaper norms, and works their recentred weights out once: what is compiled or written computes with
 * them alone.
 */
export class NormConversion implements GraphTransform {
  readonly #to: NormKind;
  /** Weights that were worked out, by how. */
  readonly #folded = new Map<string, Variable>();
  readonly #numbers = new Map<Variable, number>();
  /** What became of the norms of the last function that it met. */
  streams: Streams = { converted: [], left: [] };

  constructor(to: NormKind) {
    this.#to = to;
  }

  async apply(recording: Recording): Promise<Recording> {
    const { graph, reads } = recording;
    const uncentred =
      this.#to === "pre-rmsnorm" ? new Set<Tensor>() : await uncentredIn(graph.outputs);
    const { outputs, streams } = rewriteNorms(graph.outputs, this.#to, uncentred);
    this.streams = streams;
    const own = new Set(sorted(graph.outputs));
    const folds = foldsIn(outputs, own);
    const variables = await this.#worked(folds);
    const inputs = new Map(variables.map((variable) => [variable, variableInput(variable)]));
    const places = folds.map((tensor, i) => {
      return [tensor, inputs.get(variables[i] as Variable) as Tensor] as const;
    });
    const done = substituted(outputs, new Map(places));
    const used = new Set(sorted(done));
    const count = graph.inputs.length - reads.length;
    const kept = reads.filter((_, i) => used.has((graph.inputs[count + i] as Tensor).node));
    const keptInputs = graph.inputs.slice(count).filter(({ node }) => used.has(node));
    return {
      ...recording,
      graph: {
        inputs: [...graph.inputs.slice(0, count), ...keptInputs, ...inputs.values()],
        outputs: done,
      },
      reads: [...kept, ...inputs.keys()],
    };
  }

  /** The variables that hold the values of tensors, worked out where they are not known yet. */
  async #worked(tensors: readonly Tensor[]): Promise<Variable[]> {
    const keys = tensors.map((tensor) => this.#keyOf(tensor));
    const missing = tensors.filter((_, i) => !this.#folded.has(keys[i] as string));
    const values = missing.length === 0 ? [] : await valuesOf(missing);
    for (const [i, tensor] of missing.entries()) {
      const initial = values[i] as HostTensor;
      const name = largestIn(tensor).name;
      const variable = new Variable(initial.shape, { name, initial, dtype: initial.dtype });
      this.#folded.set(this.#keyOf(tensor), variable);
    }
    return keys.map((key) => this.#folded.get(key) as Variable);
  }

  /** A text that is the same for the same computation on the same variables. */
  #keyOf(tensor: Tensor): string {
    const variable = variableOf(tensor);
    if (variable) {
      const number = this.#numbers.get(variable) ?? this.#numbers.size;
      this.#numbers.set(variable, number);
      return `v${number}`;
    }
    const { spec, attributes, inputs } = tensor.node;
    const operands = inputs.map((operand) => this.#keyOf(operand)).join();
    const told = JSON.stringify(attributes, (_, value) =>
      typeof value === "bigint" || ArrayBuffer.isView(value) ? String(value) : value,
    );
    return `${spec.name}${told}(${operands})`;
  }
}

/** The largest computations of outputs that depend on variables alone and are new. */
function foldsIn(outputs: readonly Tensor[], old: ReadonlySet<Node>): Tensor[] {
  const known = new Map<Tensor, boolean>();
  const isNew = (tensor: Tensor): boolean =>
    isKnown(tensor, known) && !old.has(tensor.node) && variablesOf(tensor).length > 0;
  const read = sorted(outputs).flatMap((node) => {
    const isPart = node.outputs.some((tensor) => isNew(tensor));
    return isPart ? [] : node.inputs.filter(isNew);
  });
  return [...new Set([...read, ...outputs.filter(isNew)])];
}

async function valuesOf(tensors: readonly Tensor[]): Promise<HostTensor[]> {
  const sources = sorted(tensors).flatMap(({ outputs }) => outputs.filter(variableOf));
  const work = compile(
    () => {
      const read = sources.map(
        (source) => [source, (variableOf(source) as Variable).tensor] as const,
      );
      return substituted(tensors, new Map(read));
    },
    { name: "recentre" },
  );
  const values = await work();
  await work.release();
  return values as HostTensor[];
}

/** Rounding leaves a mean of this share of the values that it is of. */
const ROUNDING = 1e-5;

/** Weights that write to what an RMSNorm reads, and whose mean is not zero. */
async function uncentredIn(outputs: readonly Tensor[]): Promise<ReadonlySet<Tensor>> {
  const known = new Map<Tensor, boolean>();
  const norms = foundNorms(sorted(outputs)).filter(({ kind }) => kind === "pre-rmsnorm");
  const weights = new Map(norms.flatMap((norm) => [...streamOf(norm, known).weights]));
  if (weights.size === 0) return new Set();
  const largest = (tensor: Tensor): Tensor => max(abs(tensor));
  const sizes = [...weights].map(([tensor, axis]) => {
    return [largest(mean(tensor, { axes: [axis] })), largest(tensor)] as const;
  });
  const values = await valuesOf(sizes.flat());
  return new Set(
    [...weights.keys()].filter((_, i) => {
      const [off, size] = values.slice(2 * i, 2 * i + 2).map((value) => value.item()) as [
        number,
        number,
      ];
      return off > ROUNDING * size;
    }),
  );
}

/** The variable with the most values that a tensor is computed from. */
function largestIn(tensor: Tensor): Variable {
  const [first, ...others] = variablesOf(tensor) as [Variable, ...Variable[]];
  return others.reduce(
    (largest, one) => (sizeOf(one.shape) > sizeOf(largest.shape) ? one : largest),
    first,
  );
}

function variablesOf(tensor: Tensor): Variable[] {
  return sorted([tensor]).flatMap(({ outputs }) => outputs.flatMap((one) => variableOf(one) ?? []));
}
