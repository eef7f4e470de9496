// N environments side by side

import { Random } from "@quire/tensor";
import { checkWhole } from "../check.ts";
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

/** The rules of a task whose state is a row of whole numbers; they keep nothing themselves. */
export interface Rules {
  readonly name: string;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  /** How many whole numbers a state is. */
  readonly words: number;
  /** Steps after which an episode is cut off. */
  readonly limit: number;
  /** Fills the state of a new episode, which is zeros. */
  begin(state: Int32Array, random: Random): void;
  /** Changes the state by an action, and gives the reward. */
  act(state: Int32Array, action: number, random: Random): number;
  /** Whether the task itself ends the episode in this state. */
  isOver(state: Int32Array): boolean;
  /** Whether an episode that ends in this state has solved the task. */
  isSolved(state: Int32Array): boolean;
  /** Writes what is seen of a state; the array is zeros. */
  observe(state: Int32Array, observation: Float32Array): void;
  picture(state: Int32Array): EnvironmentPicture;
}

/** Environments that follow the same rules, over arrays that they share. */
export class RuledEnvironments implements VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  readonly #rules: Rules;
  readonly #states: Int32Array;
  /** Each environment's own part of the states and observations. */
  readonly #own: readonly Int32Array[];
  readonly #seen: readonly Float32Array[];
  /** How each environment's last episode ended. */
  readonly #ends: Int32Array;
  readonly #steps: Int32Array;
  readonly #randoms: readonly Random[];
  readonly #result: Transitions;

  /** @throws DataError when the number or the seed is none. */
  constructor(rules: Rules, { count, seed }: SideBySide) {
    checkWhole(`${rules.name}: the number of environments`, count, 1);
    const size = observationSize(rules.observationSpace);
    const places = Array.from({ length: count }, (_, place) => place);
    this.#result = emptyTransitions(count, size);
    this.name = rules.name;
    this.count = count;
    this.observationSpace = rules.observationSpace;
    this.actionSpace = rules.actionSpace;
    this.#rules = rules;
    this.#states = new Int32Array(count * rules.words);
    this.#ends = new Int32Array(count * rules.words);
    this.#own = places.map((i) => this.#states.subarray(i * rules.words, (i + 1) * rules.words));
    this.#seen = places.map((i) => this.#result.observations.subarray(i * size, (i + 1) * size));
    this.#steps = new Int32Array(count);
    this.#randoms = places.map((i) => new Random(seed).fork(rules.name).fork(i));
    this.reset();
  }

  reset(): Float32Array {
    for (let place = 0; place < this.count; place++) this.#begin(place);
    return this.#look();
  }

  step(actions: Int32Array): Transitions {
    checkActions(this, actions);
    const { rewards, terminated, truncated, succeeded } = this.#result;
    for (let place = 0; place < this.count; place++) {
      const state = this.#own[place] as Int32Array;
      const taken = (this.#steps[place] as number) + 1;
      const random = this.#randoms[place] as Random;
      rewards[place] = this.#rules.act(state, actions[place] as number, random);
      const isOver = this.#rules.isOver(state);
      const isCut = !isOver && taken >= this.#rules.limit;
      terminated[place] = Number(isOver);
      truncated[place] = Number(isCut);
      succeeded[place] = Number((isOver || isCut) && this.#rules.isSolved(state));
      this.#steps[place] = taken;
      if (isOver || isCut) {
        this.#ends.set(state, place * this.#rules.words);
        this.#begin(place);
      }
    }
    this.#look();
    return this.#result;
  }

  #begin(place: number): void {
    const state = this.#own[place] as Int32Array;
    state.fill(0);
    this.#steps[place] = 0;
    this.#rules.begin(state, this.#randoms[place] as Random);
  }

  #look(): Float32Array {
    const { observations } = this.#result;
    observations.fill(0);
    for (const [place, state] of this.#own.entries()) {
      this.#rules.observe(state, this.#seen[place] as Float32Array);
    }
    return observations;
  }

  state(): EnvironmentState {
    return {
      states: this.#states.slice(),
      steps: this.#steps.slice(),
      drawn: Int32Array.from(this.#randoms, (random) => random.state().position),
    };
  }

  restore(state: EnvironmentState): Float32Array {
    const drawn = stored(this.name, state, "drawn", this.count);
    this.#states.set(stored(this.name, state, "states", this.#states.length));
    this.#steps.set(stored(this.name, state, "steps", this.count));
    this.#randoms.forEach((random, place) => {
      random.restore({ ...random.state(), position: drawn[place] as number });
    });
    return this.#look();
  }

  picture(place: number, when: "now" | "end" = "now"): EnvironmentPicture {
    const { words } = this.#rules;
    const states = when === "now" ? this.#states : this.#ends;
    return this.#rules.picture(states.subarray(place * words, (place + 1) * words));
  }
}
