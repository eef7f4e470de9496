// N environments side by side

import { Random } from "@quire/tensor";
import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";
import { checkActions, stored } from "./checks.ts";
import {
  type BoxSpace,
  type DiscreteSpace,
  type EnvironmentPicture,
  type EnvironmentState,
  emptyTransitions,
  observationSize,
  type SideBySide,
  type Transitions,
  type VectorEnvironment,
} from "./environment.ts";

/** What an environment answers to an action, in Gymnasium's words. */
export interface Step {
  readonly observation: ArrayLike<number>;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated?: boolean;
  /** Whether the task was solved, of an episode's last step; an episode whose rewards sum to more than 0 unless said. */
  readonly succeeded?: boolean;
}

/**
 * A single environment as anybody may write one: Gymnasium's `reset` and `step`. Its episodes must follow from the seed
 * and the actions alone, so that a training can be gone on with.
 */
export interface Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  /** Begins an episode. */
  reset(seed: number): ArrayLike<number>;
  step(action: number): Step;
  /** Draws the present state. */
  picture?(): EnvironmentPicture;
}

/** Makes a user's environment. */
export type MakeEnvironment = () => Environment;

interface Running {
  readonly environment: Environment;
  /** Which episode this is, and what was done in it so far. */
  episode: number;
  actions: number[];
  total: number;
  /** How the last episode ended, once pictures are asked for. */
  end: EnvironmentPicture | undefined;
}

/** A user's environments side by side. They are gone back to by playing their present episodes again. */
export class OwnEnvironments implements VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  readonly #seed: number;
  readonly #running: readonly Running[];
  readonly #size: number;
  readonly #result: Transitions;
  #isDrawn = false;

  /** @throws DataError when the environment is none, or says of itself what cannot be. */
  constructor(name: string, make: MakeEnvironment, { count, seed }: SideBySide) {
    checkWhole(`${name}: the number of environments`, count, 1);
    this.name = name;
    this.count = count;
    this.#seed = seed;
    this.#running = Array.from({ length: count }, () => {
      return { environment: made(name, make), episode: -1, actions: [], total: 0, end: undefined };
    });
    const { observationSpace, actionSpace } = (this.#running[0] as Running).environment;
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.#size = observationSize(observationSpace);
    this.#result = emptyTransitions(count, this.#size);
    this.reset();
  }

  reset(): Float32Array {
    for (let place = 0; place < this.count; place++) this.#begin(place);
    return this.#result.observations;
  }

  step(actions: Int32Array): Transitions {
    checkActions(this, actions);
    const { rewards, terminated, truncated, succeeded } = this.#result;
    for (const [place, running] of this.#running.entries()) {
      const action = actions[place] as number;
      const answer = guarded(this.name, "step", () => running.environment.step(action));
      this.#check(answer);
      running.actions.push(action);
      running.total += answer.reward;
      const isCut = !answer.terminated && answer.truncated === true;
      const isEnd = answer.terminated || isCut;
      rewards[place] = answer.reward;
      terminated[place] = Number(answer.terminated);
      truncated[place] = Number(isCut);
      succeeded[place] = Number(isEnd && (answer.succeeded ?? running.total > 0));
      if (isEnd && this.#isDrawn) running.end = running.environment.picture?.();
      if (isEnd) this.#begin(place);
      else this.#see(place, answer.observation);
    }
    return this.#result;
  }

  #check(step: Step): void {
    const { reward, terminated }: Partial<Step> = step ?? {};
    if (Number.isFinite(reward) && typeof terminated === "boolean") return;
    throw new DataError(
      `${this.name}: step must give a reward that is a number and terminated as true or false, got ${String(reward)} and ${String(terminated)}.`,
    );
  }

  /** Begins the next episode, or the one that is said. */
  #begin(place: number, episode?: number): void {
    const running = this.#running[place] as Running;
    running.episode = episode ?? running.episode + 1;
    running.actions = [];
    running.total = 0;
    const random = new Random(this.#seed).fork(place).fork(running.episode);
    const seed = random.bits();
    this.#see(
      place,
      guarded(this.name, "reset", () => running.environment.reset(seed)),
    );
  }

  #see(place: number, observation: ArrayLike<number>): void {
    const isRight =
      observation?.length === this.#size && Array.from(observation).every(Number.isFinite);
    if (!isRight) {
      throw new DataError(
        `${this.name}: an observation must be ${this.#size} numbers, as its observationSpace says.`,
      );
    }
    this.#result.observations.set(observation, place * this.#size);
  }

  state(): EnvironmentState {
    return {
      episodes: Int32Array.from(this.#running, ({ episode }) => episode),
      lengths: Int32Array.from(this.#running, ({ actions }) => actions.length),
      actions: Int32Array.from(this.#running.flatMap(({ actions }) => actions)),
    };
  }

  restore(state: EnvironmentState): Float32Array {
    const episodes = stored(this.name, state, "episodes", this.count);
    const lengths = stored(this.name, state, "lengths", this.count);
    const actions = stored(this.name, state, "actions");
    let at = 0;
    for (const [place, running] of this.#running.entries()) {
      this.#begin(place, episodes[place] as number);
      const own = actions.subarray(at, at + (lengths[place] as number));
      at += own.length;
      for (const action of own) {
        const answer = running.environment.step(action);
        running.actions.push(action);
        running.total += answer.reward;
        this.#see(place, answer.observation);
      }
    }
    return this.#result.observations;
  }

  picture(place: number, when: "now" | "end" = "now"): EnvironmentPicture | undefined {
    this.#isDrawn = true;
    const running = this.#running[place];
    return when === "end" ? running?.end : running?.environment.picture?.();
  }
}

/** What a user's function gives; what it throws is told as its mistake. */
function guarded<T>(name: string, what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${name}: ${what} failed: ${said}`, { cause });
  }
}

function made(name: string, make: MakeEnvironment): Environment {
  const environment: Partial<Environment> | undefined = guarded(name, "make", make);
  const { observationSpace, actionSpace } = environment ?? {};
  const { shape, low = Number.NaN, high = Number.NaN } = observationSpace ?? {};
  const isBox =
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.every((side) => Number.isInteger(side) && side > 0);
  if (!isBox || !(low < high)) {
    throw new DataError(
      `${name}: make() must give an observationSpace such as { kind: "box", shape: [4], low: 0, high: 1 }.`,
    );
  }
  if (!(Number.isInteger(actionSpace?.count) && (actionSpace?.count ?? 0) > 1)) {
    throw new DataError(
      `${name}: make() must give an actionSpace such as { kind: "discrete", count: 4 }, of two actions at least.`,
    );
  }
  if (typeof environment?.reset !== "function" || typeof environment.step !== "function") {
    throw new DataError(
      `${name}: make() must give an environment with the functions reset(seed) and step(action).`,
    );
  }
  return environment as Environment;
}
