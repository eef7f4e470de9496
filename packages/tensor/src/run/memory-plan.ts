import type { Collectives } from "../graph/collectives.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/node.ts";
import { type TensorType, typeText } from "../shape.ts";
import type { Buffer } from "./runtime.ts";
import { type Given, type Stage, settled } from "./stages.ts";

/** Where a value stands in a run: an input or output of the whole, or memory of the session's own. */
export type Slot =
  | { readonly input: number }
  | { readonly output: number }
  | { readonly own: Buffer };

/** Where a stage finds its values, and where it leaves them. */
export interface PlacedStage {
  readonly takes: readonly Slot[];
  readonly gives: readonly Slot[];
  readonly exchanges: readonly Exchange[];
}

/** An exchange among processes. */
export interface Exchange {
  /** Name of the operation. */
  readonly kind: string;
  readonly group: Collectives;
  readonly from: Slot;
  readonly to: Slot;
}

/**
 * Gives every value the memory that it has from the stage that gives it to the last one that takes it. Values of one type
 * that are not needed at once share theirs; a value that is needed for an exchange alone is exchanged in place. Constants
 * of the models need none.
 */
export function placeStages(
  allocate: (type: TensorType) => Buffer,
  graph: Graph,
  stages: readonly Stage[],
  isConstant: (tensor: Tensor) => boolean,
): { readonly placed: readonly PlacedStage[]; readonly memory: readonly Buffer[] } {
  const plan = new MemoryPlan(allocate, graph, stages);
  const placed = stages.map((stage, index) => plan.place(stage, index, isConstant));
  return { placed, memory: plan.memory };
}

class MemoryPlan {
  readonly memory: Buffer[] = [];
  readonly #allocate: (type: TensorType) => Buffer;
  readonly #slots = new Map<Tensor, Slot>();
  /** The stages that use a value, in their order. */
  readonly #uses = new Map<Tensor, number[]>();
  readonly #free = new Map<string, Buffer[]>();
  readonly #living = new Map<Tensor, Buffer>();

  constructor(allocate: (type: TensorType) => Buffer, { inputs }: Graph, stages: readonly Stage[]) {
    this.#allocate = allocate;
    inputs.forEach((tensor, input) => {
      this.#slots.set(tensor, { input });
    });
    stages.forEach(({ takes, exchanges }, index) => {
      for (const tensor of [...takes, ...exchanges.map(operandOf)]) {
        this.#uses.set(tensor, [...(this.#uses.get(tensor) ?? []), index]);
      }
    });
  }

  place(stage: Stage, index: number, isConstant: (tensor: Tensor) => boolean): PlacedStage {
    const taken = stage.takes.filter((tensor) => !isConstant(tensor));
    const takes = taken.map((tensor) => this.#slots.get(tensor) as Slot);
    const gives = stage.gives.map((given) => this.#given(given));
    const exchanges = stage.exchanges.map((node) => this.#exchanged(node));
    for (const [tensor, buffer] of this.#living) {
      if ((this.#uses.get(tensor)?.at(-1) ?? index) > index) continue;
      this.#living.delete(tensor);
      this.#freeOf(tensor).push(buffer);
    }
    return { takes, gives, exchanges };
  }

  #given({ tensor, output }: Given): Slot {
    if (output === undefined) return this.#own(tensor);
    const slot = { output };
    // An output that only passes through stays where it was.
    if (!this.#slots.has(tensor)) this.#slots.set(tensor, slot);
    return slot;
  }

  #own(tensor: Tensor): Slot {
    const own = this.#freeOf(tensor).pop() ?? this.#allocate(tensor);
    if (!this.memory.includes(own)) this.memory.push(own);
    this.#living.set(tensor, own);
    const slot = { own };
    this.#slots.set(tensor, slot);
    return slot;
  }

  #exchanged(node: Node): Exchange {
    const [result] = node.outputs as readonly [Tensor];
    const operand = operandOf(node);
    const from = this.#slots.get(operand) as Slot;
    const buffer = this.#living.get(operand);
    const isOnlyUse = this.#uses.get(operand)?.length === 1;
    const { spec, attributes } = node;
    const what = { kind: spec.name, group: attributes["group"] as Collectives, from };
    if (!(buffer && isOnlyUse && typeText(operand) === typeText(result))) {
      return { ...what, to: this.#own(result) };
    }
    this.#living.delete(operand);
    this.#living.set(result, buffer);
    this.#slots.set(result, from);
    return { ...what, to: from };
  }

  #freeOf(tensor: Tensor): Buffer[] {
    const type = typeText(tensor);
    const free = this.#free.get(type) ?? [];
    this.#free.set(type, free);
    return free;
  }
}

function operandOf({ inputs }: Node): Tensor {
  return settled(inputs[0] as Tensor);
}
