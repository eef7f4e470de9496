import { countParameters, type Module } from "@quire/nn";
import { record, type Tensor, type Tree } from "@quire/tensor";
import type { ForwardPass } from "./forward.ts";

/** A part of a system as it is drawn: what it is, what goes on in it, and what it is made of. */
export interface Block {
  /** How its holder calls it: `attention`, `blocks`. */
  readonly name: string;
  /** The class, such as `Attention`. */
  readonly kind: string;
  /** Alike blocks that follow one another are drawn once. */
  readonly repeat: number;
  readonly parameters: number;
  /** The shape of what leaves it. */
  readonly output: string;
  /** What it computes itself, in order, operations of its parts left out. */
  readonly operations: readonly string[];
  /** Its parts, in the order in which a tensor meets them. */
  readonly parts: readonly Block[];
}

/** What the graph says of the modules. */
interface Traced {
  /** Paths of modules in the order of their first operation. */
  readonly order: readonly string[];
  readonly operations: ReadonlyMap<string, readonly string[]>;
  readonly outputs: ReadonlyMap<string, string>;
}

/** Reading a variable or a constant is no step of a system. */
const silent = new Set(["input", "variable", "constant", "cast"]);

/** A system as blocks, by the graph that its forward pass leaves. */
export function blocksOf(model: Module, { run, input }: ForwardPass): Block {
  const { graph } = record((given: Tree<Tensor>) => run(given), [input]);
  const traced = traceOf(graph.outputs);
  const modules = new Map<string, Module>([["", model], ...model.namedModules()]);
  return blockOf("", "", modules, traced);
}

function traceOf(outputs: readonly Tensor[]): Traced {
  const order = new Set<string>();
  const operations = new Map<string, string[]>();
  const outputsOf = new Map<string, string>();
  for (const { node } of inOrder(outputs)) {
    const { path, spec } = node;
    if (silent.has(spec.name)) continue;
    for (const above of ancestors(path)) {
      order.add(above);
      outputsOf.set(above, `[${node.outputs[0]?.shape.join(", ")}]`);
    }
    operations.set(path, [...(operations.get(path) ?? []), spec.name]);
  }
  return { order: [...order], operations, outputs: outputsOf };
}

/** Tensors after those that they are made of. */
function inOrder(outputs: readonly Tensor[]): Tensor[] {
  const done = new Set<Tensor["node"]>();
  const sorted: Tensor[] = [];
  const waiting: { tensor: Tensor; isOpen: boolean }[] = outputs
    .toReversed()
    .map((tensor) => ({ tensor, isOpen: false }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { tensor, isOpen } = next;
    if (isOpen) sorted.push(tensor);
    else if (!done.has(tensor.node)) {
      done.add(tensor.node);
      waiting.push({ tensor, isOpen: true });
      for (const operand of tensor.node.inputs.toReversed()) {
        waiting.push({ tensor: operand, isOpen: false });
      }
    }
  }
  return sorted;
}

/** `a.b.c` -> `""`, `a`, `a.b`, `a.b.c`. */
function ancestors(path: string): string[] {
  if (path === "") return [""];
  const parts = path.split(".");
  return ["", ...parts.map((_, i) => parts.slice(0, i + 1).join("."))];
}

function blockOf(
  name: string,
  path: string,
  modules: ReadonlyMap<string, Module>,
  traced: Traced,
): Block {
  const parts = collapsed(
    childrenOf(path, modules, traced).map((child) =>
      blockOf(child.slice(path === "" ? 0 : path.length + 1), child, modules, traced),
    ),
  );
  const module = modules.get(path) as Module;
  return {
    ...{ name, repeat: 1, parts },
    kind: module.constructor.name,
    parameters: countParameters(module),
    output: traced.outputs.get(path) ?? "",
    operations: runs(traced.operations.get(path) ?? []),
  };
}

/** Modules right below one, in the order in which a tensor meets them. */
function childrenOf(
  path: string,
  modules: ReadonlyMap<string, Module>,
  { order }: Traced,
): string[] {
  const below = order.filter(
    (other) =>
      modules.has(other) && other !== path && (path === "" || other.startsWith(`${path}.`)),
  );
  return below.filter(
    (other) => !below.some((above) => above !== other && other.startsWith(`${above}.`)),
  );
}

/** Alike blocks that follow one another, `blocks.0`, `blocks.1`, become one. */
function collapsed(blocks: readonly Block[]): Block[] {
  const kept: Block[] = [];
  for (const block of blocks) {
    const last = kept.at(-1);
    const plain = block.name.replace(/\.\d+$/, "");
    const isAlike = last && last.name === plain && signature(last) === signature(block);
    if (isAlike) kept[kept.length - 1] = { ...last, repeat: last.repeat + 1 };
    else kept.push({ ...block, name: plain });
  }
  return kept;
}

function signature({ kind, parameters, operations, parts }: Block): string {
  return `${kind} ${parameters} ${operations.join()} (${parts.map(signature).join()})`;
}

/** `add, add, mul` -> `add ×2, mul`. */
function runs(names: readonly string[]): string[] {
  const counted: { name: string; count: number }[] = [];
  for (const name of names) {
    const last = counted.at(-1);
    if (last?.name === name) last.count += 1;
    else counted.push({ name, count: 1 });
  }
  return counted.map(({ name, count }) => (count === 1 ? name : `${name} ×${count}`));
}
