import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";
import { type Colour, colours, gridPicture } from "./grid-picture.ts";
import type { Rules } from "./rules.ts";

/** What a T-maze is made of. */
export interface TMazeOptions {
  /** Steps from the start to the junction. */
  readonly length: number;
  /** Each episode's corridor is drawn from so many steps up to `length`; 0, as unless said, for always `length`. */
  readonly shortest?: number;
}

/** What a state holds. */
const PLACE = 0;
const CUE = 1;
const TURNED = 2;
const STEPS = 3;
const LENGTH = 4;

const FORWARD = 0;
const LEFT = 2;
const RIGHT = 3;

/** What a step costs that does not lead on. */
const IDLE = -0.1;

/**
 * The T-maze (Bakker 2002): a corridor, and at its end a turn to the left or to the right. A cue, seen at the
 * first step alone, says which turn is rewarded; the junction is reached `length` steps later at the soonest, so an agent
 * that does not remember is right every other time.
 *
 * Seen are four numbers: cue left, cue right, in the corridor, at the junction. Actions: forward, back, left, right. The
 * right turn gives 1, the wrong one -1, and each ends the episode; a step in the corridor that does not lead on costs
 * 0.1. Episodes are cut off after three times the steps that the longest corridor needs, and 20.
 *
 * @throws DataError when the length is no whole number from 1, or the shortest is longer.
 */
export function tMaze({ length, shortest = 0 }: TMazeOptions): Rules {
  checkWhole("t-maze: length", length, 1);
  checkWhole("t-maze: shortest", shortest, 0);
  if (shortest > length) {
    throw new DataError(
      `t-maze: the shortest corridor, of ${shortest} steps, is longer than the longest, of ${length}.`,
    );
  }
  return {
    name: "t-maze",
    observationSpace: { kind: "box", shape: [4], low: 0, high: 1 },
    actionSpace: { kind: "discrete", count: 4, names: ["forward", "back", "left", "right"] },
    words: 5,
    limit: 3 * (length + 1) + 20,
    begin: (state, random) => {
      state[CUE] = random.integer(2);
      state[LENGTH] = shortest === 0 ? length : shortest + random.integer(length - shortest + 1);
    },
    act: (state, action) => {
      state[STEPS] = (state[STEPS] as number) + 1;
      const place = state[PLACE] as number;
      const isTurn = action === LEFT || action === RIGHT;
      if (place === state[LENGTH] && isTurn) {
        state[TURNED] = action === LEFT ? 1 : 2;
        return (state[TURNED] as number) - 1 === state[CUE] ? 1 : -1;
      }
      if (!isTurn) {
        const to = place + (action === FORWARD ? 1 : -1);
        state[PLACE] = Math.min(state[LENGTH] as number, Math.max(0, to));
      }
      return (state[PLACE] as number) > place ? 0 : IDLE;
    },
    isOver: (state) => state[TURNED] !== 0,
    isSolved: (state) => (state[TURNED] as number) - 1 === state[CUE],
    observe: (state, observation) => {
      if (state[STEPS] === 0) observation[state[CUE] as number] = 1;
      observation[state[PLACE] === state[LENGTH] ? 3 : 2] = 1;
    },
    picture: mazePicture,
  };
}

/** The corridor from left to right, the two arms at its end; the cue is a cell before the start while it is seen. */
function mazePicture(state: Int32Array) {
  const length = state[LENGTH] as number;
  const turned = state[TURNED] as number;
  const row = (place: 0 | 1 | 2): Colour[] => [
    place === 1 ? colours.floor : colours.wall,
    ...Array.from({ length }, () => (place === 1 ? colours.floor : colours.wall)),
    armColour(state, place),
  ];
  const cells = [row(0), row(1), row(2)];
  const shown = cells[state[CUE] === 0 ? 0 : 2] as Colour[];
  if (state[STEPS] === 0) shown[0] = colours.lit;
  return gridPicture(cells, [[1, 0, 2][turned] as number, (state[PLACE] as number) + 1]);
}

function armColour(state: Int32Array, place: 0 | 1 | 2): Colour {
  if (place === 1) return colours.floor;
  const isRewarded = (state[CUE] === 0) === (place === 0);
  return isRewarded ? colours.goal : colours.wrong;
}
