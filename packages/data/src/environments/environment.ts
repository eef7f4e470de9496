// N environments side by side

/** Numbers in an array of one shape, as Gymnasium's `Box` has them. */
export interface BoxSpace {
  readonly kind: "box";
  readonly shape: readonly number[];
  /** The least and the greatest value of each number. */
  readonly low: number;
  readonly high: number;
}

/** One of so many actions, 0, 1, ..., as Gymnasium's `Discrete`. */
export interface DiscreteSpace {
  readonly kind: "discrete";
  readonly count: number;
  /** What the actions are called, in their order. */
  readonly names?: readonly string[];
}

/** A picture of an environment. */
export interface EnvironmentPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity, `[height * width * 4]`. */
  readonly bytes: Uint8ClampedArray;
}

/** What environments answer to actions. The arrays are written over by the next step. */
export interface Transitions {
  /** `[N, ...shape]`; where an episode has ended, the first observation of the next one. */
  readonly observations: Float32Array;
  /** `[N]` */
  readonly rewards: Float32Array;
  /** `[N]`: 1 where the task itself ended the episode. */
  readonly terminated: Uint8Array;
  /** `[N]`: 1 where a limit of time ended it. */
  readonly truncated: Uint8Array;
  /** `[N]`: 1 where an episode has ended in which the task was solved. */
  readonly succeeded: Uint8Array;
}

/** What so many environments, each with observations of a size, will give. */
export function emptyTransitions(count: number, size: number): Transitions {
  return {
    observations: new Float32Array(count * size),
    rewards: new Float32Array(count),
    terminated: new Uint8Array(count),
    truncated: new Uint8Array(count),
    succeeded: new Uint8Array(count),
  };
}

/** Where environments stand, as arrays that can be stored. */
export type EnvironmentState = Readonly<Record<string, Int32Array>>;

/**
 * Environments of one kind side by side, as Gymnasium's vector environments with resets in the same step: an episode
 * that ends is followed by the next one at once.
 */
export interface VectorEnvironment {
  readonly name: string;
  /** How many stand side by side. */
  readonly count: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  /** Begins an episode everywhere. `-> [N, ...shape]` */
  reset(): Float32Array;
  /**
   * Acts everywhere, one action each, `[N]`.
   *
   * @throws DataError when there are not as many actions as environments, or one that does not exist.
   */
  step(actions: Int32Array): Transitions;
  /** Where all stand: the same actions lead to the same from here, on any machine. */
  state(): EnvironmentState;
  /**
   * Goes to where environments of the same kind, number and seed stood when `state` was taken. `-> [N, ...shape]`
   *
   * @throws DataError when it was taken of others.
   */
  restore(state: EnvironmentState): Float32Array;
  /**
   * Draws one of them, as it is now or as its last episode ended; nothing where it cannot be drawn. Ends can be drawn of
   * episodes during which something was drawn.
   */
  picture(place: number, when?: "now" | "end"): EnvironmentPicture | undefined;
}

/** What side by side environments are made with. */
export interface SideBySide {
  readonly count: number;
  /** Episodes depend on it, on the environment's place and on its number of episode alone. */
  readonly seed: number;
}

/** How many numbers an observation has. */
export function observationSize({ shape }: BoxSpace): number {
  return shape.reduce((size, side) => size * side, 1);
}
