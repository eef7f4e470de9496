import { checkWhole } from "../check.ts";
import { colours, gridPicture } from "./grid-picture.ts";
import { neighbour, ways } from "./moves.ts";
import type { Rules } from "./rules.ts";

/** What the task of reaching is made of. */
export interface ReachOptions {
  /** Cells of a side of the field. */
  readonly size: number;
}

const AGENT = 0;
const GOAL = 1;

/**
 * A task that needs no memory: on a field without walls the way to the goal is always seen, as in the reactive levels of
 * DMLab-30 that Parisotto et al. (2020) set apart from those of memory. Seen are two numbers, how far down and how far to the right
 * the goal is, in shares of the field. Reaching it gives 1, each step before costs 0.02; an episode is cut off after four
 * times the size.
 *
 * @throws DataError when the size is no whole number from 2.
 */
export function reach({ size }: ReachOptions): Rules {
  checkWhole("reach: size", size, 2);
  return {
    name: "reach",
    observationSpace: { kind: "box", shape: [2], low: -1, high: 1 },
    actionSpace: { kind: "discrete", count: 4, names: ways },
    words: 2,
    limit: 4 * size,
    begin: (state, random) => {
      state[AGENT] = random.integer(size * size);
      const away = 1 + random.integer(size * size - 1);
      state[GOAL] = ((state[AGENT] as number) + away) % (size * size);
    },
    act: (state, action) => {
      const from = state[AGENT] as number;
      state[AGENT] = neighbour(from, action, size, size) ?? from;
      return state[AGENT] === state[GOAL] ? 1 : -0.02;
    },
    isOver: (state) => state[AGENT] === state[GOAL],
    isSolved: (state) => state[AGENT] === state[GOAL],
    observe: ([agent = 0, goal = 0], observation) => {
      observation[0] = (Math.floor(goal / size) - Math.floor(agent / size)) / (size - 1);
      observation[1] = ((goal % size) - (agent % size)) / (size - 1);
    },
    picture: ([agent = 0, goal = 0]) => {
      const row = (y: number) =>
        Array.from({ length: size }, (_, x) =>
          y * size + x === goal ? colours.goal : colours.floor,
        );
      return gridPicture(
        Array.from({ length: size }, (_, y) => row(y)),
        [Math.floor(agent / size), agent % size],
      );
    },
  };
}
