// B environments side by side, T steps, O numbers of an observation, A actions

import type { SideBySide, VectorEnvironment } from "@quire/data";
import type { Mode, Module } from "@quire/nn";
import type { Shape, Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import type { SettingTable } from "../setting.ts";

/** What an agent sees, and what it may do. */
export interface ControlTarget {
  /** How many numbers an observation has. */
  readonly observation: number;
  readonly actions: number;
}

/** What an agent is given of consecutive steps. */
export interface AgentInputs {
  /** `[B, T, O]` */
  readonly observations: Tensor;
  /** 1 at steps that begin an episode, else 0. `[B, T]` */
  readonly first: Tensor;
  /** What it carried into the first of these steps, by name. `[B, ...shape]` */
  readonly carried: Readonly<Record<string, Tensor>>;
}

/** What an agent makes of them. */
export interface AgentOutputs {
  /** The policy at each step. `[B, T, A]` */
  readonly logits: Tensor;
  /** The return that is expected from each step on. `[B, T]` */
  readonly values: Tensor;
  /** What it carries on. Nothing is learnt through it. */
  readonly carried: Readonly<Record<string, Tensor>>;
}

/** An actor and its critic, with a memory. */
export interface AgentNetwork extends Module {
  /** What it carries from step to step, by name: the shape of an environment's own part, zeros at first. */
  readonly carried: Readonly<Record<string, Shape>>;
  /** How many steps back it can see, all layers together; any number unless said. */
  readonly reach?: number;
  /** One step or many at once; many give the same as one after the other. */
  forward(inputs: AgentInputs, mode?: Mode): AgentOutputs;
}

/** What changes the policy. */
export const algorithms = ["vtrace", "ppo", "vmpo"] as const;

/** V-trace's actor-critic, proximal policy optimisation, or V-MPO, with which the paper trains. */
export type Algorithm = (typeof algorithms)[number];

/**
 * How an agent is trained. `batchSize` is how many environments stand side by side, `epochs` how often is measured on the
 * way.
 */
export interface ControlRecipe extends Recipe {
  readonly algorithm: Algorithm;
  /** Steps of all environments together. */
  readonly steps: number;
  /** Steps between two updates, over which gradients flow. */
  readonly unroll: number;
  /** Updates that are made of the same steps. */
  readonly reuse: number;
  /** What a reward counts a step earlier. */
  readonly discount: number;
  /** Fades what follows further: of V-trace's traces, of the others' advantages. */
  readonly lambda: number;
  /** How much the policy's entropy counts. */
  readonly entropy: number;
  /** How much the error of the values counts. */
  readonly valueShare: number;
}

/** What a user may set of a control recipe beside what all recipes have, and what those mean here. */
export const controlSettings = {
  algorithm: {
    kind: "choice",
    summary: "What changes the policy: V-trace's actor-critic, PPO or V-MPO",
    words: algorithms,
  },
  steps: {
    kind: "whole",
    summary: "Steps of all environments together",
    from: 1,
    to: 1_000_000_000_000,
  },
  epochs: {
    kind: "whole",
    summary: "How often the agent is measured on the way",
    from: 1,
    to: 100_000,
  },
  batchSize: { kind: "whole", summary: "Environments side by side", from: 1, to: 65_536 },
  unroll: {
    kind: "whole",
    summary: "Steps between two updates, over which gradients flow",
    from: 1,
    to: 4096,
  },
  reuse: {
    kind: "whole",
    summary: "Updates that are made of the same steps",
    from: 1,
    to: 100,
  },
  discount: { kind: "number", summary: "What a reward counts a step earlier", from: 0, to: 1 },
  lambda: { kind: "number", summary: "Fades what follows further", from: 0, to: 1 },
  entropy: { kind: "number", summary: "How much the policy's entropy counts", from: 0 },
  valueShare: { kind: "number", summary: "How much the error of the values counts", from: 0 },
} as const satisfies SettingTable;

/** A paper whose system acts. */
export type ControlPaper<Options = object> = Paper<Options, ControlTarget, ControlRecipe> & {
  readonly task: "control";
};

/** Makes an agent. */
export type BuildAgent<Options> = Build<Options, ControlTarget, AgentNetwork>;

/** Makes environments side by side, all of one kind. */
export type MakeEnvironments = (sideBySide: SideBySide) => VectorEnvironment;

/** What is known of a trained agent. */
export interface ControlModelDescription<Options = object>
  extends ModelDescription<Options, ControlTarget> {
  readonly task: "control";
  /** The environment that it learnt in, as a user names it: `t-maze:length=20`. */
  readonly environment: string;
  /** What its actions are called, where they have names. */
  readonly actions?: readonly string[];
}
