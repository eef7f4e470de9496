import type { Random } from "@quire/tensor";
import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";
import { type Colour, colours, gridPicture } from "./grid-picture.ts";
import { neighbour, ways } from "./moves.ts";
import type { Rules } from "./rules.ts";

/** What a memory maze is made of. */
export interface MemoryMazeOptions {
  /** Cells of a side, walls among them; an odd number. */
  readonly size: number;
  /** Steps of an episode. */
  readonly limit: number;
}

const AGENT = 0;
const GOAL = 1;
const FOUND = 2;
const JUST = 3;
/** 1 for each cell that is free, from here on. */
const FREE = 4;

/** How far the agent sees: the cells around its own. */
const SIGHT = 1;
const SEEN = (2 * SIGHT + 1) ** 2;

/**
 * Memory Maze (Parisotto et al. 2020, section 4) on a grid: a maze drawn for each episode holds a goal that stays where it is; an
 * agent that reaches it gets 1, is put to a random free cell, and may find it again until the episode ends. Whoever
 * remembers where the goal was, relative to what is seen on the way, finds it sooner. Simplified: seen from above, one cell
 * around the agent, in place of a first-person picture; moves of a whole cell; the map does not turn with the agent.
 *
 * Seen are, for the nine cells around the agent, which are free and which is the goal; the agent's row and column as
 * shares of the maze; and whether it has just been put elsewhere. An episode in which the goal was found at least twice is
 * solved.
 *
 * @throws DataError when the size is no odd number from 5, or the limit none from 1.
 */
export function memoryMaze({ size, limit }: MemoryMazeOptions): Rules {
  checkWhole("memory-maze: size", size, 5);
  checkWhole("memory-maze: limit", limit, 1);
  if (size % 2 === 0) {
    throw new DataError(
      `memory-maze: size must be an odd number, for walls stand between the ways, got ${size}.`,
    );
  }
  const cells = size * size;
  return {
    name: "memory-maze",
    observationSpace: { kind: "box", shape: [2 * SEEN + 3], low: 0, high: 1 },
    actionSpace: { kind: "discrete", count: 4, names: ways },
    words: FREE + cells,
    limit,
    begin: (state, random) => {
      carve(state.subarray(FREE), size, random);
      state[GOAL] = freeCell(state, random, -1);
      state[AGENT] = freeCell(state, random, state[GOAL] as number);
    },
    act: (state, action, random) => {
      const to = neighbour(state[AGENT] as number, action, size, size);
      if (to !== undefined && state[FREE + to] === 1) state[AGENT] = to;
      const isThere = state[AGENT] === state[GOAL];
      state[JUST] = Number(isThere);
      if (!isThere) return 0;
      state[FOUND] = (state[FOUND] as number) + 1;
      state[AGENT] = freeCell(state, random, state[GOAL] as number);
      return 1;
    },
    isOver: () => false,
    isSolved: (state) => (state[FOUND] as number) >= 2,
    observe: (state, observation) => observe(state, observation, size),
    picture: (state) => mazePicture(state, size),
  };
}

function observe(state: Int32Array, observation: Float32Array, size: number): void {
  const [agent = 0, goal = 0] = state;
  const [row, column] = [Math.floor(agent / size), agent % size];
  let at = 0;
  for (let down = -SIGHT; down <= SIGHT; down++) {
    for (let right = -SIGHT; right <= SIGHT; right++) {
      // Walls stand around the maze, so that cells beside the agent are always in it.
      const cell = (row + down) * size + column + right;
      observation[at] = state[FREE + cell] as number;
      observation[SEEN + at] = Number(cell === goal);
      at += 1;
    }
  }
  observation[2 * SEEN] = row / (size - 1);
  observation[2 * SEEN + 1] = column / (size - 1);
  observation[2 * SEEN + 2] = state[JUST] as number;
}

/** A random free cell other than the given one. */
function freeCell(state: Int32Array, random: Random, other: number): number {
  for (;;) {
    const cell = random.integer(state.length - FREE);
    if (state[FREE + cell] === 1 && cell !== other) return cell;
  }
}

/** Carves a maze in which one way leads from each cell to each other, by a random walk that goes back at dead ends. */
function carve(free: Int32Array, size: number, random: Random): void {
  const walk = [size + 1];
  free[size + 1] = 1;
  while (walk.length > 0) {
    const from = walk.at(-1) as number;
    const open = ways.flatMap((_, way) => {
      const wall = neighbour(from, way, size, size) as number;
      const to = neighbour(wall, way, size, size);
      return to !== undefined && free[to] === 0 ? [[wall, to] as const] : [];
    });
    if (open.length === 0) {
      walk.pop();
      continue;
    }
    const [wall, to] = open[random.integer(open.length)] as readonly [number, number];
    free[wall] = 1;
    free[to] = 1;
    walk.push(to);
  }
}

function mazePicture(state: Int32Array, size: number) {
  const [agent = 0, goal = 0] = state;
  const [row, column] = [Math.floor(agent / size), agent % size];
  const colourOf = (y: number, x: number): Colour => {
    const cell = y * size + x;
    if (cell === goal) return colours.goal;
    if (state[FREE + cell] === 0) return colours.wall;
    const isSeen = Math.abs(y - row) <= SIGHT && Math.abs(x - column) <= SIGHT;
    return isSeen ? colours.seen : colours.floor;
  };
  const cells = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => colourOf(y, x)),
  );
  return gridPicture(cells, [row, column]);
}
