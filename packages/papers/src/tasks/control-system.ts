// B environments side by side, O numbers of an observation, A actions

import type { EnvironmentPicture } from "@quire/data";
import {
  type CompileOptions,
  type HostTensor,
  hostTensor,
  squeeze,
  type Tensor,
  unsqueeze,
} from "@quire/tensor";
import { meanOf } from "../statistics.ts";
import type { ExportedFunction, System, SystemFiles } from "../system.ts";
import { Actor } from "./control-actor.ts";
import type { AgentNetwork, ControlModelDescription, MakeEnvironments } from "./control-target.ts";

/** The most environments that are played in side by side. */
const SIDE_BY_SIDE = 64;

/** How an episode went. */
export interface Episode {
  /** The sum of its rewards. */
  readonly total: number;
  readonly steps: number;
  readonly solved: boolean;
}

/** An episode step by step. */
export interface RecordedEpisode extends Episode {
  /** What was done, and what it brought. */
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  /** Before the first step and after each; none where the environment cannot be drawn. */
  readonly pictures: readonly EnvironmentPicture[];
}

/** How an agent did in episodes. */
export interface ControlEvaluation {
  /** The share of episodes that were solved. */
  readonly success: number;
  /** Means over the episodes. */
  readonly return: number;
  readonly steps: number;
  readonly episodes: readonly Episode[];
}

/** Where and how much is played. */
export interface PlayOptions {
  readonly environments: MakeEnvironments;
  readonly episodes: number;
  readonly seed: number;
}

/** How an agent is run, and what belongs to it. */
export interface ControlAgentOptions {
  /** How what it computes is compiled. */
  readonly compile?: CompileOptions;
  /** Files beside its weights: an episode to look at. */
  readonly files?: () => Promise<SystemFiles>;
}

/** An agent: a network that sees, remembers and acts, its actions drawn from its policy. */
export class ControlAgent implements System<ControlModelDescription> {
  readonly model: AgentNetwork;
  readonly description: ControlModelDescription;
  readonly #options: ControlAgentOptions;
  readonly #players = new Map<number, Actor>();

  constructor(
    model: AgentNetwork,
    description: ControlModelDescription,
    options: ControlAgentOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.#options = options;
  }

  get files(): SystemFiles | Promise<SystemFiles> {
    return this.#options.files?.() ?? {};
  }

  /** One step: the policy's logits and the value, with what is carried from step to step. */
  get exported(): ExportedFunction {
    const { model, description } = this;
    const { observation, actions } = description.target;
    const carried = Object.entries(model.carried);
    return {
      run: (observations, first, ...rest) => {
        const before = carried.map(([name], place) => [name, rest[place] as Tensor] as const);
        const outputs = model.forward({
          observations: unsqueeze(observations as Tensor, [1]),
          first: unsqueeze(first as Tensor, [1]),
          carried: Object.fromEntries(before),
        });
        return [
          squeeze(outputs.logits, [1]),
          squeeze(outputs.values, [1]),
          ...carried.map(([name]) => outputs.carried[name] as Tensor),
        ];
      },
      inputs: {
        observations: { shape: ["batch", observation], dtype: "float32" },
        first: { shape: ["batch"], dtype: "float32" },
        ...Object.fromEntries(
          carried.map(([name, shape]) => [name, { shape: ["batch", ...shape], dtype: "float32" }]),
        ),
      },
      outputs: {
        logits: ["batch", actions],
        value: ["batch"],
        ...Object.fromEntries(
          carried.map(([name, shape]) => [`${name} next`, ["batch", ...shape]]),
        ),
      },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        environment: description.environment,
        actions: JSON.stringify(description.actions ?? []),
        input:
          "one step; first is 1 where an episode begins, what is carried zeros at the very first step",
      },
    };
  }

  /**
   * Plays episodes, some side by side. Each environment plays as many, so that short episodes do not count more often.
   */
  async play({ environments, episodes, seed }: PlayOptions): Promise<Episode[]> {
    const count = Math.min(SIDE_BY_SIDE, episodes);
    const each = Math.ceil(episodes / count);
    const player = this.#playerOf(count);
    player.begin(environments({ count, seed }), seed);
    const played = Array.from({ length: count }, (): Episode[] => []);
    const running = Array.from({ length: count }, () => ({ total: 0, steps: 0 }));
    while (played.some((own) => own.length < each)) {
      const { answer } = await player.step();
      for (const [place, present] of running.entries()) {
        present.total += answer.rewards[place] as number;
        present.steps += 1;
        if (!(answer.terminated[place] || answer.truncated[place])) continue;
        played[place]?.push({ ...present, solved: answer.succeeded[place] === 1 });
        running[place] = { total: 0, steps: 0 };
      }
    }
    return played.flatMap((own) => own.slice(0, each)).slice(0, episodes);
  }

  /** Plays one episode, and keeps what was done and how it looked. */
  async record({
    environments,
    seed,
  }: Pick<PlayOptions, "environments" | "seed">): Promise<RecordedEpisode> {
    const player = this.#playerOf(1);
    const environment = environments({ count: 1, seed });
    player.begin(environment, seed);
    const [actions, rewards]: [number[], number[]] = [[], []];
    const pictures: (EnvironmentPicture | undefined)[] = [environment.picture(0)];
    for (;;) {
      const { actions: taken, answer } = await player.step();
      actions.push(taken[0] as number);
      rewards.push(answer.rewards[0] as number);
      const isEnd = answer.terminated[0] === 1 || answer.truncated[0] === 1;
      pictures.push(environment.picture(0, isEnd ? "end" : "now"));
      if (!isEnd) continue;
      return {
        total: rewards.reduce((sum, reward) => sum + reward, 0),
        steps: actions.length,
        solved: answer.succeeded[0] === 1,
        ...{ actions, rewards },
        pictures: pictures.filter((picture) => picture !== undefined),
      };
    }
  }

  /** Plays episodes, and says how they went. */
  async evaluate(options: PlayOptions): Promise<ControlEvaluation> {
    const episodes = await this.play(options);
    return {
      success: meanOf(episodes.map(({ solved }) => Number(solved))),
      return: meanOf(episodes.map(({ total }) => total)),
      steps: meanOf(episodes.map(({ steps }) => steps)),
      episodes,
    };
  }

  /** Arguments of the exported function as an agent meets them that acts. */
  async *inputs(
    environments: MakeEnvironments,
    steps: number,
  ): AsyncGenerator<readonly HostTensor[]> {
    const player = this.#playerOf(1);
    player.begin(environments({ count: 1, seed: 0 }), 0);
    for (let step = 0; step < steps; step++) {
      const { observations, first } = player.now();
      const carried = (await player.carried()).map(([, value]) => value);
      yield [
        hostTensor(observations, [1, observations.length]),
        hostTensor(first, [1]),
        ...carried,
      ];
      await player.step();
    }
  }

  #playerOf(count: number): Actor {
    const known = this.#players.get(count);
    const player = known ?? new Actor(this.model, count, this.#options.compile);
    this.#players.set(count, player);
    return player;
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    const players = [...this.#players.values()];
    this.#players.clear();
    await Promise.all(players.map((player) => player.release()));
  }
}
