import type { Random } from "@quire/tensor";
import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";
import { colours, gridPicture } from "./grid-picture.ts";
import { neighbour, ways } from "./moves.ts";
import type { Rules } from "./rules.ts";

/** What a numpad is made of. */
export interface NumpadOptions {
  /** Buttons of a side. */
  readonly size: number;
  /** How many buttons are to be pressed. */
  readonly keys: number;
  /** Steps of an episode. */
  readonly limit: number;
}

const AGENT = 0;
const LIT = 1;
const DONE = 2;
/** The buttons in their order stand from here on. */
const ORDER = 3;

/**
 * Numpad (Humplik et al. 2019; Parisotto et al. 2020, section 4) as a walk over a grid: the agent presses each button that it steps
 * on. An order of neighbouring buttons, drawn for each episode and never shown, is to be pressed; a right button lights up
 * and gives 1, a wrong one puts all lights out, and the order starts again. Once all are lit they go out, and pressing
 * them once more is rewarded again, so what was found out pays for the rest of the episode. Simplified: no continuous
 * body, no seven-joint robot, buttons next to each other without gaps.
 *
 * Seen are the agent's place and which buttons are lit, each as `size²` numbers. An episode in which all were lit at least
 * twice is solved: the second time takes memory.
 *
 * @throws DataError when a number is none, or the order does not fit on the pad.
 */
export function numpad({ size, keys, limit }: NumpadOptions): Rules {
  checkWhole("numpad: size", size, 2);
  checkWhole("numpad: keys", keys, 2);
  checkWhole("numpad: limit", limit, 1);
  const buttons = size * size;
  if (keys > buttons) {
    throw new DataError(
      `numpad: ${keys} keys are more than the ${buttons} buttons of a pad of ${size}.`,
    );
  }
  return {
    name: "numpad",
    observationSpace: { kind: "box", shape: [2 * buttons], low: 0, high: 1 },
    actionSpace: { kind: "discrete", count: 4, names: ways },
    words: ORDER + keys,
    limit,
    begin: (state, random) => {
      state.set(drawOrder(size, keys, random), ORDER);
      state[AGENT] = random.integer(buttons);
    },
    act: (state, action) => {
      const from = state[AGENT] as number;
      const to = neighbour(from, action, size, size);
      return to === undefined ? 0 : press(state, to, keys);
    },
    isOver: () => false,
    isSolved: (state) => (state[DONE] as number) >= 2,
    observe: (state, observation) => {
      observation[state[AGENT] as number] = 1;
      for (let key = 0; key < (state[LIT] as number); key++) {
        observation[buttons + (state[ORDER + key] as number)] = 1;
      }
    },
    picture: (state) => {
      const [agent = 0, lit = 0] = state;
      const shining = new Set(state.subarray(ORDER, ORDER + lit));
      const cells = Array.from({ length: size }, (_, y) =>
        Array.from({ length: size }, (_, x) =>
          shining.has(y * size + x) ? colours.lit : colours.floor,
        ),
      );
      return gridPicture(cells, [Math.floor(agent / size), agent % size]);
    },
  };
}

/** Steps on a button, and gives the reward. */
function press(state: Int32Array, button: number, keys: number): number {
  state[AGENT] = button;
  const lit = state[LIT] as number;
  if (button !== state[ORDER + lit]) {
    // A wrong button that is the first of the order is the first press of the next try.
    state[LIT] = Number(button === state[ORDER]);
    return 0;
  }
  state[LIT] = lit + 1;
  if (lit + 1 === keys) {
    state[LIT] = 0;
    state[DONE] = (state[DONE] as number) + 1;
  }
  return 1;
}

/** A walk over different neighbouring buttons; walks that run into themselves are drawn again. */
function drawOrder(size: number, keys: number, random: Random): number[] {
  for (;;) {
    const order = [random.integer(size * size)];
    while (order.length < keys) {
      const last = order.at(-1) as number;
      const free = ways
        .map((_, way) => neighbour(last, way, size, size))
        .filter((next): next is number => next !== undefined && !order.includes(next));
      if (free.length === 0) break;
      order.push(free[random.integer(free.length)] as number);
    }
    if (order.length === keys) return order;
  }
}
