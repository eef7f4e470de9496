import { type Environment, environments, OwnEnvironments, type SideBySide } from "@quire/data";
import { QuireError } from "@quire/tensor";
import { readSafetensors, writeSafetensors } from "@quire/train";
import { describe, expect, test } from "vitest";
import { type AgentOptions, build } from "../gtrxl/model.ts";
import type { TrainingPlan } from "../training-plan.ts";
import {
  ControlAgent,
  type ControlRecipe,
  describeControlModel,
  type MakeEnvironments,
  planControlTraining,
  trainAgent,
  type UnrollBatch,
} from "./control.ts";

const tiny: AgentOptions = { width: 16, depth: 1, heads: 2, memoryLength: 4 };
const shortMaze: MakeEnvironments = (sideBySide) =>
  environments("t-maze", { length: 1 }, sideBySide);

const recipe: ControlRecipe = {
  ...{ algorithm: "vtrace", steps: 6400, epochs: 2, batchSize: 8, unroll: 4, reuse: 1 },
  ...{ discount: 0.9, lambda: 0.95, entropy: 0.01, valueShare: 0.5 },
  ...{ learningRate: 1e-2, warmUp: 0, weightDecay: 0, clipNorm: 1 },
};

function agentFor(make: MakeEnvironments, options: AgentOptions = tiny): ControlAgent {
  const spaces = make({ count: 1, seed: 0 });
  const description = describeControlModel({
    ...{ paper: "gtrxl", options, environment: "t-maze", spaces },
  });
  return new ControlAgent(build(options, description.target), description);
}

test.each([
  ["vtrace", {}],
  ["ppo", { reuse: 2 }],
  ["vmpo", { reuse: 2, steps: 16_000 }],
] as const)("%s learns to remember a cue for a step", async (algorithm, change) => {
  const agent = agentFor(shortMaze);
  await trainAgent(agent, {
    ...{ environments: shortMaze, seed: 1, episodes: 16 },
    recipe: { ...recipe, steps: 12_000, batchSize: 32, ...change, algorithm },
  });
  const { success, episodes } = await agent.evaluate({
    ...{ environments: shortMaze, episodes: 200, seed: 9 },
  });
  expect(episodes.length).toBe(200);
  expect(success).toBeGreaterThan(0.9);
  await agent.release();
});

describe("a training that is gone on with", () => {
  const options = { environments: shortMaze, episodes: 8, seed: 2 };

  function planned(change: Partial<ControlRecipe>) {
    const agent = agentFor(shortMaze);
    const plan = planControlTraining(agent, {
      ...{ ...options, recipe: { ...recipe, steps: 320, ...change } },
    });
    return { agent, plan };
  }

  async function eventsOf(plan: TrainingPlan<UnrollBatch>, most = Number.POSITIVE_INFINITY) {
    const { training, epochs, batches, evaluate } = plan;
    const events: unknown[] = [];
    for await (const event of training.run({ epochs, batches, evaluate })) {
      events.push(event);
      if (events.length === most) break;
    }
    return events;
  }

  test.each([
    ["vtrace", 1],
    ["ppo", 3],
    ["vmpo", 2],
  ] as const)(
    "ends as the uninterrupted one, %s, %i updates an unroll",
    async (algorithm, reuse) => {
      const whole = planned({ algorithm, reuse });
      const wanted = await eventsOf(whole.plan);
      const first = planned({ algorithm, reuse });
      const before = await eventsOf(first.plan, 4);
      const stored = writeSafetensors(await first.plan.training.checkpoint());
      const second = planned({ algorithm, reuse });
      await second.plan.training.resume(readSafetensors(stored));
      expect([...before, ...(await eventsOf(second.plan))]).toEqual(wanted);
      for (const [place, [path, variable]] of second.agent.model.namedState().entries()) {
        const other = whole.agent.model.namedState()[place]?.[1];
        expect((await variable.get()).data, path).toEqual((await other?.get())?.data);
      }
      const all = [whole, first, second];
      await Promise.all(all.map(({ plan }) => plan.training.release()));
      await Promise.all(all.map(({ agent }) => agent.release()));
    },
  );

  test("needs a single process", () => {
    const group = {} as never;
    const given = { ...options, recipe, extras: { group } };
    expect(() => planControlTraining(agentFor(shortMaze), given)).toThrow(
      new QuireError("Agents are trained by a single process: leave mpirun out."),
    );
  });
});

/** Ends after two steps for action 0 and after six for action 1, with success in the shorter one alone. */
function uneven(): Environment {
  let [steps, first] = [0, -1];
  return {
    observationSpace: { kind: "box", shape: [1], low: 0, high: 6 },
    actionSpace: { kind: "discrete", count: 2 },
    reset: () => {
      [steps, first] = [0, -1];
      return [steps];
    },
    step: (action) => {
      if (first < 0) first = action;
      steps += 1;
      const terminated = steps === (first === 0 ? 2 : 6);
      return { observation: [steps], reward: 0, terminated, succeeded: first === 0 };
    },
  };
}

test("short episodes do not count more often", async () => {
  const make = (sideBySide: SideBySide) => new OwnEnvironments("uneven", uneven, sideBySide);
  const agent = agentFor(make);
  const { success, steps, episodes } = await agent.evaluate({
    ...{ environments: make, episodes: 640, seed: 3 },
  });
  expect(Math.abs(success - 0.5)).toBeLessThan(0.2);
  expect(steps).toBeCloseTo(6 - 4 * success, 6);
  expect(episodes.every((episode) => episode.steps === (episode.solved ? 2 : 6))).toBe(true);
  const recorded = await agent.record({ environments: make, seed: 1 });
  expect(recorded.actions.length).toBe(recorded.steps);
  expect(recorded.pictures).toEqual([]);
  await agent.release();
});

test("a recorded episode shows the start, every step and the end", async () => {
  const agent = agentFor(shortMaze);
  const { pictures, steps, rewards } = await agent.record({ environments: shortMaze, seed: 4 });
  expect([pictures.length, rewards.length]).toEqual([steps + 1, steps]);
  const agentRow = (place: number): number => {
    const { width = 1, bytes = [] } = pictures[place] ?? {};
    const found = Array.from(bytes).findIndex(
      (_, i) => i % 4 === 0 && bytes[i] === 39 && bytes[i + 1] === 111,
    );
    return Math.floor(found / 4 / width / 24);
  };
  expect(agentRow(0)).toBe(1);
  expect(agentRow(steps)).not.toBe(1);
  await agent.release();
});
