import type { Node, Tensor } from "@quire/tensor";
import { type FoundNorm, meanTakenFrom, type NormKind } from "./found-norms.ts";
import { isKnown, passingOf } from "./passing.ts";

/** Norms that read one main branch, and what writes to it. */
export interface Stream {
  readonly norms: FoundNorm[];
  /** The tensors that carry it. */
  readonly carriers: Set<Tensor>;
  /** What writes to it and is made by no weights: the mean must be taken from it when it is there. */
  readonly entries: Set<Tensor>;
  /** The weights that write to it, and their axis that is the branch's. */
  readonly weights: Map<Tensor, number>;
}

/** A norm that stays as it is, and why. */
export interface LeftNorm {
  readonly norm: FoundNorm;
  readonly why: string;
}

/** Which norms of a graph can do without the mean. */
export interface Streams {
  readonly converted: readonly Stream[];
  readonly left: readonly LeftNorm[];
}

/** What main branches are looked for in. */
export interface Searched {
  readonly nodes: readonly Node[];
  readonly outputs: readonly Tensor[];
  readonly norms: readonly FoundNorm[];
  readonly known: Map<Tensor, boolean>;
  /** Weights whose mean along the branch's axis is not zero, as far as that was looked at. */
  readonly uncentred: ReadonlySet<Tensor>;
}

/** Finds the main branches of a graph, and says which of them can be kept at a mean of zero. */
export function streamsOf(searched: Searched, to: NormKind): Streams {
  const { nodes, outputs, known, uncentred } = searched;
  const norms = searched.norms.filter(({ kind }) => kind !== to);
  const readers = readersOf(nodes);
  const converted: Stream[] = [];
  const left: LeftNorm[] = [];
  for (const stream of joined(norms.map((norm) => streamOf(norm, known)))) {
    const why =
      whyRead(stream, readers, new Set(outputs)) ??
      whyEntries(stream, norms) ??
      whyMean(stream, uncentred);
    if (why === undefined) converted.push(stream);
    else left.push(...stream.norms.map((norm) => ({ norm, why })));
  }
  return { converted, left };
}

/** The main branch that a norm reads. */
export function streamOf(norm: FoundNorm, known: Map<Tensor, boolean>): Stream {
  const stream: Stream = {
    ...{ norms: [norm], carriers: new Set(), entries: new Set(), weights: new Map() },
  };
  const open = [{ tensor: norm.x, axis: norm.x.shape.length - 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { tensor, axis } = next;
    if (stream.carriers.has(tensor)) continue;
    if (isKnown(tensor, known)) {
      stream.weights.set(tensor, axis);
      continue;
    }
    const passing = passingOf(tensor, axis);
    if (!passing) {
      stream.entries.add(tensor);
      continue;
    }
    stream.carriers.add(tensor);
    for (const { operand, axis: own } of passing.passed) {
      open.push({ tensor: tensor.node.inputs[operand] as Tensor, axis: own });
    }
  }
  return stream;
}

/** Streams that share a tensor become one. */
function joined(streams: readonly Stream[]): Stream[] {
  const all: Stream[] = [];
  for (const stream of streams) {
    const isSame = (other: Stream): boolean =>
      [...stream.carriers].some((tensor) => other.carriers.has(tensor));
    const same = all.filter(isSame);
    const parts = [...same, stream];
    const whole: Stream = {
      norms: parts.flatMap(({ norms }) => norms),
      carriers: new Set(parts.flatMap(({ carriers }) => [...carriers])),
      entries: new Set(parts.flatMap(({ entries }) => [...entries])),
      weights: new Map(parts.flatMap(({ weights }) => [...weights])),
    };
    for (const part of same) all.splice(all.indexOf(part), 1);
    all.push(whole);
  }
  return all;
}

function readersOf(nodes: readonly Node[]): Map<Tensor, Node[]> {
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const tensor of node.inputs) readers.set(tensor, [...(readers.get(tensor) ?? []), node]);
  }
  return readers;
}

/** A centring costs about what a norm's mean does; it must pay twice. */
const NORMS_AN_ENTRY = 2;

function whyRead(
  { norms, carriers }: Stream,
  readers: ReadonlyMap<Tensor, readonly Node[]>,
  outputs: ReadonlySet<Tensor>,
): string | undefined {
  const kinds = new Set(norms.map(({ kind }) => kind));
  if (kinds.size > 1) return "norms of different kinds read what it normalises";
  const own = new Set([...carriers].map(({ node }) => node));
  for (const node of norms.flatMap(nodesOf)) own.add(node);
  for (const carrier of carriers) {
    if (outputs.has(carrier)) return "what it normalises is a result of the model, mean and all";
    const foreign = readers.get(carrier)?.find((node) => !own.has(node));
    if (foreign)
      return `what it normalises is also read by ${nameOf(foreign)}, which needs the mean`;
  }
  return undefined;
}

function whyEntries({ norms, entries }: Stream, all: readonly FoundNorm[]): string | undefined {
  if (norms[0]?.kind !== "pre-ln" || entries.size * NORMS_AN_ENTRY <= norms.length)
    return undefined;
  const [entry] = [...entries];
  const isPost = all.some(({ output }) => {
    return [...entries].some((one) => one === output || one.node.inputs.includes(output));
  });
  const values = entries.size === 1 ? "a value comes" : `${entries.size} values come`;
  const reads = norms.length === 1 ? "one norm reads" : `${norms.length} norms read`;
  const why = `${reads} a sum into which ${values} that no weights make`;
  if (isPost) return `it stands after the sum (Post-LN): ${why}, another norm's output`;
  return `${why}, such as that of ${nameOf((entry as Tensor).node)}`;
}

/** Of a norm that takes no mean away, the mean must be zero by the weights already. */
function whyMean(
  { norms, entries, weights }: Stream,
  uncentred: ReadonlySet<Tensor>,
): string | undefined {
  if (norms[0]?.kind !== "pre-rmsnorm") return undefined;
  const isOff = [...weights.keys()].some((tensor) => uncentred.has(tensor));
  if (!isOff && [...entries].every(meanTakenFrom)) return undefined;
  return "it is an RMSNorm of values whose mean is not zero, which no LayerNorm equals";
}

/** The nodes of a norm that read what it normalises. */
function nodesOf({ output, x }: FoundNorm): Node[] {
  const within = new Set([output.node]);
  for (const node of within) {
    for (const { node: inner } of node.inputs) if (inner !== x.node) within.add(inner);
    if (within.size > MOST_NODES) break;
  }
  return [...within].filter((node) => node.inputs.includes(x));
}

/** More nodes than a norm is spelt out in. */
const MOST_NODES = 24;

function nameOf({ spec, path }: Node): string {
  return path === "" ? spec.name : `${spec.name} in ${path}`;
}
