import { DataError } from "../errors.ts";
import type { SideBySide, VectorEnvironment } from "./environment.ts";
import { memoryMaze } from "./memory-maze.ts";
import { numpad } from "./numpad.ts";
import { reach } from "./reach.ts";
import { RuledEnvironments, type Rules } from "./rules.ts";
import { tMaze } from "./t-maze.ts";

/** A number that an environment is made with. */
export interface EnvironmentOption {
  readonly summary: string;
  readonly initial: number;
  readonly from: number;
  readonly to: number;
}

/** Numbers that an environment is made with, by name. */
export type EnvironmentOptions = Readonly<Record<string, number>>;

interface Named {
  readonly summary: string;
  readonly options: Readonly<Record<string, EnvironmentOption>>;
  rules(options: EnvironmentOptions): Rules;
}

const limit = { summary: "Steps of an episode", initial: 100, from: 1, to: 100_000 };

const named = {
  "t-maze": {
    summary: "a corridor whose first step says which way to turn at its end",
    options: {
      length: { summary: "Steps of the corridor", initial: 10, from: 1, to: 10_000 },
      shortest: {
        summary: "Steps of the shortest corridor, if each episode draws its own; 0 if none does",
        ...{ initial: 0, from: 0, to: 10_000 },
      },
    },
    rules: ({ length = 0, shortest = 0 }) => tMaze({ length, shortest }),
  },
  reach: {
    summary: "a field on which the goal is always seen; no memory is needed",
    options: { size: { summary: "Cells of a side", initial: 5, from: 2, to: 100 } },
    rules: ({ size = 0 }) => reach({ size }),
  },
  "memory-maze": {
    summary: "a maze whose goal is to be found again and again",
    options: { size: { summary: "Cells of a side, odd", initial: 7, from: 5, to: 99 }, limit },
    rules: ({ size = 0, limit: steps = 0 }) => memoryMaze({ size, limit: steps }),
  },
  numpad: {
    summary: "buttons to be pressed in an order that is to be found out",
    options: {
      size: { summary: "Buttons of a side", initial: 2, from: 2, to: 20 },
      keys: { summary: "Buttons to be pressed", initial: 3, from: 2, to: 400 },
      limit,
    },
    rules: ({ size = 0, keys = 0, limit: steps = 0 }) => numpad({ size, keys, limit: steps }),
  },
} as const satisfies Record<string, Named>;

/** The name of an environment that stands here. */
export type EnvironmentName = keyof typeof named;

/** The names of all environments that stand here. */
export const environmentNames = Object.keys(named) as readonly EnvironmentName[];

/** What an environment is, as a phrase, and what it is made with. */
export function environmentFacts(name: EnvironmentName): Pick<Named, "summary" | "options"> {
  return named[name];
}

/**
 * Makes environments of a name side by side; what is not said of them is as it is initially.
 *
 * @throws DataError when an option does not exist or is out of its bounds.
 */
export function environments(
  name: EnvironmentName,
  given: EnvironmentOptions,
  sideBySide: SideBySide,
): VectorEnvironment {
  const { options, rules }: Named = named[name];
  const names = Object.keys(options);
  for (const [option, value] of Object.entries(given)) {
    const known = options[option];
    if (!known) {
      throw new DataError(`${name} has no option ${option}: it has ${names.join(" and ")}.`);
    }
    if (Number.isInteger(value) && value >= known.from && value <= known.to) continue;
    throw new DataError(
      `${name}: ${option} must be a whole number from ${known.from} to ${known.to}, got ${value}.`,
    );
  }
  const initial = Object.fromEntries(
    names.map((key) => [key, (options[key] as EnvironmentOption).initial]),
  );
  return new RuledEnvironments(rules({ ...initial, ...given }), sideBySide);
}
