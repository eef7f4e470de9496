import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import type { VectorEnvironment } from "./environment.ts";
import { type EnvironmentOptions, environmentNames, environments } from "./named.ts";

const [FORWARD, BACK, LEFT, RIGHT] = [0, 1, 2, 3];
const [UP, DOWN, WEST, EAST] = [0, 1, 2, 3];

const alone = { count: 1, seed: 3 };

function act(environment: VectorEnvironment, ...actions: number[]) {
  return actions.map((action) => {
    const { observations, rewards, terminated, truncated, succeeded } = environment.step(
      Int32Array.of(action),
    );
    const [reward = 0] = rewards;
    return {
      seen: Array.from(observations),
      reward,
      ended: terminated[0] === 1,
      cut: truncated[0] === 1,
      solved: succeeded[0] === 1,
    };
  });
}

describe("t-maze", () => {
  test("the cue is seen once; the turn that it named gives 1, the other one -1", () => {
    for (const seed of [1, 2, 3, 4]) {
      const maze = environments("t-maze", { length: 3 }, { count: 1, seed });
      const first = Array.from(maze.reset());
      const cue = first.indexOf(1);
      expect(first).toEqual(cue === 0 ? [1, 0, 1, 0] : [0, 1, 1, 0]);
      const walk = act(maze, FORWARD, FORWARD, FORWARD);
      expect(walk.map(({ seen }) => seen)).toEqual([
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ]);
      expect(walk.map(({ reward }) => reward)).toEqual([0, 0, 0]);
      const wrong = seed % 2 === 1;
      const turn = (cue === 0) === wrong ? RIGHT : LEFT;
      const [end] = act(maze, turn);
      expect(end).toMatchObject({
        reward: wrong ? -1 : 1,
        ended: true,
        cut: false,
        solved: !wrong,
      });
    }
  });

  test("what does not lead on costs 0.1, and time runs out", () => {
    const maze = environments("t-maze", { length: 2 }, alone);
    const rewards = act(maze, LEFT, BACK, FORWARD, BACK).map(({ reward }) => reward);
    expect(rewards).toEqual([-0.1, -0.1, 0, -0.1].map(Math.fround));
    const rest = act(maze, ...Array.from({ length: 25 }, () => BACK));
    expect(rest.map(({ cut }) => cut)).toEqual([...new Array(24).fill(false), true]);
    expect(rest.at(-1)).toMatchObject({ ended: false, solved: false });
  });

  test("cues are drawn evenly, for each environment its own", () => {
    const maze = environments("t-maze", { length: 1 }, { count: 400, seed: 5 });
    const cues = maze.reset().filter((_, i) => i % 4 === 0);
    expect(Math.abs(cues.reduce((sum, cue) => sum + cue, 0) - 200)).toBeLessThan(40);
  });
});

test("t-maze: corridors of all lengths from the shortest to the longest are drawn", () => {
  const many = { count: 300, seed: 5 };
  const maze = environments("t-maze", { length: 4, shortest: 2 }, many);
  const walk = new Int32Array(many.count).fill(FORWARD);
  const arrived = [1, 2, 3, 4].map(() => {
    const { observations } = maze.step(walk);
    return observations.filter((_, i) => i % 4 === 3).reduce((sum, seen) => sum + seen, 0);
  });
  expect(arrived[0]).toBe(0);
  for (const [place, wanted] of [100, 200].entries()) {
    expect(Math.abs((arrived[place + 1] as number) - wanted)).toBeLessThan(30);
  }
  expect(arrived[3]).toBe(300);
});

test("reach: the goal's direction is seen, and walking there solves it", () => {
  const field = environments("reach", { size: 4 }, { count: 1, seed: 8 });
  let seen = Array.from(field.reset());
  for (let steps = 0; steps < 6; steps++) {
    const [down = 0, right = 0] = seen;
    const aside = right > 0 ? EAST : WEST;
    const along = down > 0 ? DOWN : UP;
    const way = Math.abs(down) > 0.01 ? along : aside;
    const left = Math.round(3 * (Math.abs(down) + Math.abs(right)));
    const [step] = act(field, way);
    expect(step?.ended).toBe(left === 1);
    expect(step?.reward).toBe(left === 1 ? 1 : Math.fround(-0.02));
    if (step?.ended) return;
    seen = step?.seen ?? [];
  }
  throw new Error("The goal was not reached.");
});

test("numpad: right buttons light up and pay, a wrong one puts all out, the second round solves it", () => {
  const pad = environments("numpad", { size: 2, keys: 3, limit: 400 }, alone);
  const random = new Random(4);
  let order: number[] = [];
  const orders = new Set<string>();
  let [paid, rounds] = [0, 0];
  let lit = 0;
  for (let step = 0; step < 399; step++) {
    const [{ seen, reward, ended } = { seen: [], reward: 0, ended: true }] = act(
      pad,
      random.integer(4),
    );
    const shining = seen.slice(4).reduce((sum, value) => sum + value, 0);
    expect(ended).toBe(false);
    if (reward === 1) {
      paid += 1;
      const at = seen.slice(0, 4).indexOf(1);
      order = lit === 0 ? [at] : [...order, at];
      if (shining === 0) rounds += 1;
      if (shining === 0) orders.add(order.join());
      expect(shining).toBe((lit + 1) % 3);
    } else if (shining !== lit) {
      expect(shining).toBeLessThan(2);
      order = [seen.slice(0, 4).indexOf(1)];
    }
    lit = shining;
  }
  expect(paid).toBeGreaterThan(5);
  const [end] = act(pad, UP);
  expect(end).toMatchObject({ cut: true, solved: rounds >= 2 });
  expect([...orders].map((each) => each.split(",").length)).toEqual([3]);
});

test("memory-maze: every free cell can be reached; the goal stays and is found again", () => {
  const maze = environments("memory-maze", { size: 7, limit: 20_000 }, { count: 1, seed: 4 });
  const random = new Random(6);
  const found = new Set<string>();
  const places = new Set<string>();
  let [before, total] = [Array.from(maze.reset()), 0];
  for (let step = 0; step < 19_999; step++) {
    const [one] = act(maze, random.integer(4));
    const seen = one?.seen ?? [];
    places.add(seen.slice(18, 20).join());
    if (one?.reward === 1) {
      total += 1;
      const goal = before.slice(9, 18).indexOf(1);
      const [row = 0, column = 0] = before.slice(18).map((share) => Math.round(6 * share));
      found.add(`${row + Math.floor(goal / 3) - 1} ${column + (goal % 3) - 1}`);
      expect(seen[20]).toBe(1);
    } else expect(seen[20]).toBe(0);
    before = seen;
  }
  expect(total).toBeGreaterThan(3);
  expect(found.size).toBe(1);
  // Nine cells of ways and eight between them; the goal is left at once.
  expect(places.size).toBe(16);
});

const small: Readonly<Record<string, EnvironmentOptions>> = {
  "t-maze": { length: 3 },
  reach: { size: 3 },
  "memory-maze": { size: 5, limit: 20 },
  numpad: { size: 2, keys: 2, limit: 20 },
};

test.each(environmentNames)("%s goes on from where it stood, over ends of episodes", (name) => {
  const make = () => environments(name, small[name] ?? {}, { count: 5, seed: 11 });
  const [environment, other] = [make(), make()];
  const random = new Random(9);
  const drawn = () => Int32Array.from({ length: 5 }, () => random.integer(4));
  for (let step = 0; step < 33; step++) environment.step(drawn());
  const state = environment.state();
  const seen = Array.from(other.restore(state));
  const rest = Array.from({ length: 60 }, drawn);
  const follow = (one: VectorEnvironment) =>
    rest.map((actions) => {
      const { observations, ...ends } = one.step(actions);
      return [...observations, ...Object.values(ends).flatMap((values) => [...values])];
    });
  const wanted = follow(environment);
  expect(follow(other)).toEqual(wanted);
  expect(Array.from(make().restore(state))).toEqual(seen);
  expect(wanted.flat().some(Number.isNaN)).toBe(false);
  const { width = 0, height = 0, bytes = [] } = environment.picture(4) ?? {};
  expect(bytes.length).toBe(4 * width * height);
});

test("the picture of a T-maze shows the agent, the cue and the arms", () => {
  const maze = environments("t-maze", { length: 5 }, alone);
  const { width = 0, height = 0, bytes = [] } = maze.picture(0) ?? {};
  expect([width, height]).toEqual([168, 72]);
  const at = (row: number, column: number) => {
    const place = 4 * ((24 * row + 12) * width + 24 * column + 12);
    return Array.from(bytes.slice(place, place + 3));
  };
  expect(at(1, 1)).toEqual([39, 111, 191]);
  const cue = maze.reset().indexOf(1);
  expect(at(cue === 0 ? 0 : 2, 6)).toEqual([46, 160, 103]);
});

test("what cannot be is refused", () => {
  const make = (name: "t-maze" | "memory-maze" | "numpad", options: EnvironmentOptions) => () =>
    environments(name, options, alone);
  expect(make("t-maze", { lenght: 3 })).toThrow(
    new DataError("t-maze has no option lenght: it has length and shortest."),
  );
  expect(make("t-maze", { length: 3, shortest: 4 })).toThrow(
    new DataError("t-maze: the shortest corridor, of 4 steps, is longer than the longest, of 3."),
  );
  expect(make("t-maze", { length: 0 })).toThrow(
    new DataError("t-maze: length must be a whole number from 1 to 10000, got 0."),
  );
  expect(make("memory-maze", { size: 6 })).toThrow(
    new DataError(
      "memory-maze: size must be an odd number, for walls stand between the ways, got 6.",
    ),
  );
  expect(make("numpad", { keys: 9 })).toThrow(
    new DataError("numpad: 9 keys are more than the 4 buttons of a pad of 2."),
  );
  const maze = environments("t-maze", {}, { count: 2, seed: 1 });
  expect(() => maze.step(Int32Array.of(1))).toThrow(
    new DataError("t-maze: 1 actions for 2 environments: give one each."),
  );
  expect(() => maze.step(Int32Array.of(1, 4))).toThrow(
    new DataError("t-maze: there is no action 4: actions are whole numbers from 0 to 3."),
  );
  expect(() => maze.restore({ ...maze.state(), steps: new Int32Array(3) })).toThrow(
    new DataError(
      "t-maze: the stored state is of other environments: it has 3 steps, where 2 are needed.",
    ),
  );
});
