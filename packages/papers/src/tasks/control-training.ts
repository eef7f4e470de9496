// B environments side by side, T steps, A actions

import { observationSize, type VectorEnvironment } from "@quire/data";
import { initialize, type Mode, Module } from "@quire/nn";
import {
  add,
  div,
  mean,
  mul,
  QuireError,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  variance,
} from "@quire/tensor";
import {
  clippedPolicyLoss,
  generalizedAdvantages,
  type KeptState,
  logProbability,
  MaximumAPosteriori,
  policyEntropy,
  policyGradientLoss,
  type Schedule,
  type Traced,
  vTrace,
} from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { TrainingExtras } from "../recipe.ts";
import { planTraining, type TrainingPlan } from "../training-plan.ts";
import { optimizerFor } from "../training-ways.ts";
import { Actor } from "./control-actor.ts";
import type { ControlAgent } from "./control-system.ts";
import type {
  AgentNetwork,
  ControlModelDescription,
  ControlRecipe,
  MakeEnvironments,
} from "./control-target.ts";
import { carriedIn, type UnrollBatch, Unrolls } from "./control-unrolls.ts";

/** What an agent is trained with. */
export interface ControlTrainingOptions {
  readonly environments: MakeEnvironments;
  readonly recipe: ControlRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
  /** Episodes that each measurement on the way plays; 128 unless said. */
  readonly episodes?: number;
}

/** What evaluations of agents measure. */
export const controlMetrics = [
  { name: "success", as: "share", better: "higher" },
  { name: "return", as: "number", better: "higher" },
  { name: "episodeSteps", as: "number", better: "lower" },
] as const;

const EPISODES = 128;

/**
 * Adam's memories of gradients and of their squares. An agent that has learnt to walk has gradients a hundred times smaller
 * than before: with the usual memory of a thousand steps it hardly moves any more, and momentum carries it past the rare
 * steps that tell what to remember.
 */
const AGENT_BETAS = [0, 0.95] as const;

/** Describes the agent that environments ask for. */
export function describeControlModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  /** As a user names it. */
  readonly environment: string;
  readonly spaces: Pick<VectorEnvironment, "observationSpace" | "actionSpace">;
}): ControlModelDescription {
  const { spaces, ...rest } = given;
  const { count, names } = spaces.actionSpace;
  const target = { observation: observationSize(spaces.observationSpace), actions: count };
  return { task: "control", ...rest, target, ...(names && { actions: names }) };
}

/** Added to a deviation, so that advantages that are all the same do not divide by 0. */
const TINY = 1e-8;

/**
 * Plans the training of an agent from the beginning: it acts with its present weights, and each unroll makes one update or
 * several. The environments, and what the agent carries, are part of every checkpoint.
 *
 * @throws QuireError where processes share the training.
 */
export function planControlTraining(
  system: ControlAgent,
  { environments, recipe, extras = {}, seed, episodes = EPISODES }: ControlTrainingOptions,
): TrainingPlan<UnrollBatch> {
  if (extras.group) {
    throw new QuireError("Agents are trained by a single process: leave mpirun out.");
  }
  const { model } = system;
  const { batchSize: count, unroll, reuse, epochs } = recipe;
  initialize(model, seed);
  const actor = new Actor(model, count);
  actor.begin(environments({ count, seed }), seed);
  const unrolls = new Unrolls(actor, unroll, reuse);
  const perEpoch = reuse * Math.max(1, Math.round(recipe.steps / (count * unroll * epochs)));
  const multipliers = recipe.algorithm === "vmpo" ? new MaximumAPosteriori() : undefined;
  const learner = multipliers ? new Learner(model, multipliers) : model;
  const measured = { environments, episodes, seed: seed + 1 };
  return planTraining<UnrollBatch>({
    ...{ model, recipe, extras, seed },
    loss: (batch, mode) => lossOf({ model, recipe, multipliers }, batch, mode),
    optimizer: (rate: Schedule) =>
      optimizerFor(learner, rate, recipe, extras, { betas: AGENT_BETAS }),
    data: {
      kept: keptOf(unrolls, multipliers),
      batchesPerEpoch: perEpoch,
      batches: (_epoch, start) => unrolls.batches(start, perEpoch),
    },
    evaluation: {
      metrics: controlMetrics,
      evaluate: async () => {
        const { success, return: total, steps } = await system.evaluate(measured);
        return { success, return: total, episodeSteps: steps };
      },
    },
  });
}

/** What learns: the agent, and the multipliers of V-MPO. */
class Learner extends Module {
  readonly agent: AgentNetwork;
  readonly multipliers: MaximumAPosteriori;

  constructor(agent: AgentNetwork, multipliers: MaximumAPosteriori) {
    super();
    this.agent = agent;
    this.multipliers = multipliers;
  }

  forward(inputs: Parameters<AgentNetwork["forward"]>[0]): ReturnType<AgentNetwork["forward"]> {
    return this.agent.forward(inputs);
  }
}

const MULTIPLIERS = "multipliers.";

/** Where environments and memories stand, and V-MPO's multipliers, which are no part of the agent. */
function keptOf(unrolls: Unrolls, multipliers: MaximumAPosteriori | undefined): KeptState {
  const further = multipliers?.namedState() ?? [];
  return {
    tensors: async () => {
      const values = further.map(async ([name, variable]) => {
        return [MULTIPLIERS + name, await variable.get()] as const;
      });
      return new Map([...(await unrolls.tensors()), ...(await Promise.all(values))]);
    },
    restore: async (tensors) => {
      await unrolls.restore(tensors);
      for (const [name, variable] of further) {
        const value = tensors.get(MULTIPLIERS + name);
        if (value) await variable.set(value);
      }
    },
  };
}

interface Learning {
  readonly model: AgentNetwork;
  readonly recipe: ControlRecipe;
  readonly multipliers: MaximumAPosteriori | undefined;
}

/** The loss of an unroll: the policy's by the algorithm, half the squared error of the values, less the entropy. */
function lossOf(learning: Learning, batch: Traced<UnrollBatch>, mode: Mode): Tensor {
  const { model, recipe } = learning;
  const part = (name: string): Tensor => batch[name] as Tensor;
  const rewards = part("rewards");
  const steps = rewards.shape[1] as number;
  const before = (x: Tensor): Tensor => slice(x, [0], [steps], { axes: [1] });
  const { logits, values } = model.forward(
    {
      observations: part("observations"),
      first: part("first"),
      carried: carriedIn(batch),
    },
    mode,
  );
  // An episode begins where the one before has ended: nothing that follows counts then.
  const next = slice(part("first"), [1], [steps + 1], { axes: [1] });
  const discounts = mul(sub(1, next), recipe.discount);
  const given = { rewards, discounts, values };
  const policy = before(logits);
  const { loss, returns } = policyLoss(learning, policy, batch, given);
  const error = mean(square(sub(before(values), returns)));
  const entropy = mean(policyEntropy(policy));
  return sub(add(loss, mul(error, recipe.valueShare / 2)), mul(entropy, recipe.entropy));
}

/** The loss of the policy, and what the values are to become. */
function policyLoss(
  { recipe: { algorithm, lambda }, multipliers }: Learning,
  policy: Tensor,
  batch: Traced<UnrollBatch>,
  given: Parameters<typeof vTrace>[0],
): { readonly loss: Tensor; readonly returns: Tensor } {
  const [actions, acted] = [batch["actions"] as Tensor, batch["logits"] as Tensor];
  const logs = logProbability(policy, actions);
  const old = logProbability(acted, actions);
  if (algorithm === "vtrace") {
    const { advantages, returns } = vTrace(given, sub(logs, old), { lambda });
    return { loss: policyGradientLoss(logs, advantages), returns };
  }
  const { advantages, returns } = generalizedAdvantages(given, lambda);
  if (multipliers) {
    return { loss: multipliers.forward(policy, acted, actions, advantages), returns };
  }
  return { loss: clippedPolicyLoss(logs, old, standardized(advantages)), returns };
}

/** Less their mean, over their deviation, as PPO's authors have it in their code. */
function standardized(advantages: Tensor): Tensor {
  const deviation = add(sqrt(variance(advantages)), TINY);
  return div(sub(advantages, mean(advantages)), deviation);
}

/**
 * Trains an agent from the beginning.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export function trainAgent(
  system: ControlAgent,
  { signal, onBatch, onEpoch, ...options }: ControlTrainingOptions & FollowOptions,
): Promise<Followed> {
  return followPlan(planControlTraining(system, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
