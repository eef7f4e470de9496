import { DivergenceError } from "@quire/train";
import type { CurvePoint } from "../paper.ts";
import {
  ControlAgent,
  type ControlRecipe,
  describeControlModel,
  type MakeEnvironments,
  trainAgent,
} from "../tasks/control.ts";
import type { TurnHooks } from "../turn.ts";
import type { Contestant } from "./contestants.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";

/** Where and how much is learnt. */
export interface Course {
  readonly name: string;
  readonly make: MakeEnvironments;
  readonly steps: number;
  readonly episodes: number;
  /** What differs from the recipe that users get. */
  readonly change?: Partial<ControlRecipe>;
}

/** An agent that has learnt, and how it did on the way. */
export interface Taught {
  readonly agent: ControlAgent;
  readonly points: readonly CurvePoint[];
  readonly success: number;
  readonly seconds: number;
}

/** Measurements on the way. */
const EPOCHS = 8;

/** Learns by reinforcement; an agent whose loss is no number any more has solved nothing. */
export async function taught(
  { options }: Contestant,
  { name, make, steps, episodes, change }: Course,
  seed: number,
  hooks: TurnHooks,
): Promise<Taught> {
  const spaces = make({ count: 1, seed: 0 });
  const description = describeControlModel({
    ...{ paper: "gtrxl", options, environment: name, spaces },
  });
  const agent = new ControlAgent(build(options, description.target), description);
  const points: CurvePoint[] = [];
  const started = performance.now();
  try {
    const { seconds } = await trainAgent(agent, {
      ...{ environments: make, seed, episodes: episodes / 4 },
      recipe: { ...paper.recipe, ...change, steps, epochs: EPOCHS },
      ...(hooks.signal && { signal: hooks.signal }),
      onBatch: ({ share, loss }) => hooks.onProgress(share, loss),
      onEpoch: (point) => void points.push(point),
    });
    const { success } = await agent.evaluate({ environments: make, episodes, seed: seed + 100 });
    return { agent, points, success, seconds };
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    return { agent, points, success: 0, seconds: (performance.now() - started) / 1000 };
  }
}

/** A contestant's name, with the paper's figure where there is one. */
export function named({ name, figure }: Contestant): {
  readonly name: string;
  readonly figure?: string;
} {
  return figure === undefined ? { name } : { name, figure };
}
