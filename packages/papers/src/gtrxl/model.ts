// B environments side by side, T steps, M remembered steps, O numbers of an observation, D width, A actions

import { Linear, Module } from "@quire/nn";
import {
  add,
  arange,
  cast,
  concat,
  cumulativeSum,
  equal,
  greater,
  lessEqual,
  logicalAnd,
  min,
  minimum,
  reshape,
  type Shape,
  slice,
  squeeze,
  stopGradient,
  sub,
  type Tensor,
  unsqueeze,
  where,
} from "@quire/tensor";
import type {
  AgentInputs,
  AgentNetwork,
  AgentOutputs,
  ControlTarget,
} from "../tasks/control-target.ts";
import { Block, type NormPlace } from "./block.ts";
import type { GateKind } from "./gates.ts";
import { LstmAgent, type LstmAgentOptions } from "./lstm-agent.ts";

/** What a gated Transformer-XL is made of. */
export interface GtrxlOptions {
  readonly width: number;
  readonly depth: number;
  /** How many heads there are, which share the width unless theirs is said. */
  readonly heads: number | { readonly count: number; readonly width: number };
  /** Width of the hidden layers; twice the width unless said. */
  readonly feedForward?: number;
  /** How many steps back each layer sees. */
  readonly memoryLength: number;
  /** How sub-modules join the stream; by a gate as of a gated recurrent unit unless said. */
  readonly gate?: GateKind;
  /** b_g; 2 unless said. */
  readonly gateBias?: number;
  /** Where norms stand; on the sub-modules' inputs unless said. */
  readonly norm?: NormPlace;
}

/** A gated Transformer-XL and its ablations, or the LSTM that the paper compares it with. */
export type AgentOptions = GtrxlOptions | LstmAgentOptions;

/**
 * An agent whose memory is what each of its layers read in the last M steps (Parisotto et al. 2020). One step at a time it
 * gives what it gives over many steps at once: a step sees M steps back either way, and none before its episode.
 */
export class GatedTransformerXl extends Module implements AgentNetwork {
  readonly encoder: Linear;
  readonly blocks: readonly Block[];
  readonly policy: Linear;
  readonly value: Linear;
  readonly width: number;
  readonly memory: number;

  constructor(options: GtrxlOptions, { observation, actions }: ControlTarget) {
    super();
    const { width, depth, heads, memoryLength: memory, feedForward = 2 * width } = options;
    const { gate = "gru", gateBias, norm = "input" } = options;
    this.encoder = new Linear({ in: observation, out: width });
    const shape = { width, feedForward, memory, heads };
    const bias = gateBias === undefined ? {} : { gateBias };
    this.blocks = Array.from({ length: depth }, () => new Block({ ...shape, gate, norm, ...bias }));
    this.policy = new Linear({ in: width, out: actions });
    this.value = new Linear({ in: width, out: 1 });
    this.width = width;
    this.memory = memory;
  }

  /// Each layer remembers what the one below it had seen by then, and so sees as far back again (Dai et al. 2019).
  get reach(): number {
    return this.blocks.length * this.memory;
  }

  /** What each layer read in the last M steps, and how many of those are of the present episode. */
  get carried(): Readonly<Record<string, Shape>> {
    const layers = this.blocks.map((_, i) => [memoryName(i), [this.memory, this.width]] as const);
    return { ...Object.fromEntries(layers), remembered: [] };
  }

  forward({ observations, first, carried }: AgentInputs): AgentOutputs {
    const remembered = carried["remembered"] as Tensor;
    const mask = this.#mask(first, remembered);
    const next: Record<string, Tensor> = { remembered: this.#count(first, remembered) };
    let x = this.encoder.forward(observations);
    for (const [place, block] of this.blocks.entries()) {
      /// Section 2.2: no gradient flows into the memory, SG(M).
      const memory = stopGradient(carried[memoryName(place)] as Tensor);
      const all = concat([memory, stopGradient(x)], 1);
      const length = all.shape[1] as number;
      next[memoryName(place)] = slice(all, [length - this.memory], [length], { axes: [1] });
      x = block.forward(x, memory, mask);
    }
    const values = squeeze(this.value.forward(x), [2]);
    return { logits: this.policy.forward(x), values, carried: next };
  }

  /** True where a step may see a step: both of one episode. `[B, T], [B] -> [B, 1, T, M + T]` */
  #mask(first: Tensor, remembered: Tensor): Tensor {
    const [rows, steps] = first.shape as [number, number];
    const { memory } = this;
    const episodes = cumulativeSum(first, { axis: 1 });
    const own = equal(unsqueeze(episodes, [2]), unsqueeze(episodes, [1]));
    // The oldest places of the memory are empty, or of episodes that have ended.
    const age = sub(memory, cast(arange(memory), "float32"));
    const isKept = lessEqual(unsqueeze(age, [0]), unsqueeze(remembered, [1]));
    const goesOn = equal(episodes, 0);
    const kept = logicalAnd(unsqueeze(goesOn, [2]), unsqueeze(isKept, [1]));
    return reshape(concat([kept, own], 2), [rows, 1, steps, memory + steps]);
  }

  /** How many places of the memory are of the present episode after these steps. `[B, T], [B] -> [B]` */
  #count(first: Tensor, remembered: Tensor): Tensor {
    const steps = first.shape[1] as number;
    // Steps from the last beginning of an episode on; 0 where none began.
    const left = sub(steps, cast(arange(steps), "float32"));
    const since = where(greater(first, 0), unsqueeze(left, [0]), steps + 1);
    const began = min(since, { axes: 1 });
    const isNew = lessEqual(began, steps);
    return minimum(where(isNew, began, add(remembered, steps)), this.memory);
  }
}

function memoryName(layer: number): string {
  return `memory${layer}`;
}

/** Makes an agent for environments. */
export function build(options: AgentOptions, target: ControlTarget): AgentNetwork {
  return "recurrent" in options
    ? new LstmAgent(options, target)
    : new GatedTransformerXl(options, target);
}
