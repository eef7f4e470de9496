import { Random } from "@quire/tensor";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { type Environment, OwnEnvironments } from "./own.ts";

/** Counts steps to a number that the seed gives; action 1 counts twice. */
function counter(): Environment {
  let [at, end] = [0, 0];
  return {
    observationSpace: { kind: "box", shape: [2], low: 0, high: 20 },
    actionSpace: { kind: "discrete", count: 2 },
    reset: (seed) => {
      [at, end] = [0, 3 + (seed % 5)];
      return [at, end];
    },
    step: (action) => {
      at += 1 + action;
      return {
        observation: [at, end],
        reward: at === end ? 1 : 0,
        terminated: at >= end,
        truncated: false,
      };
    },
  };
}

test("a user's environments stand side by side and go on from where they stood", () => {
  const make = () => new OwnEnvironments("counter.js", counter, { count: 4, seed: 7 });
  const [one, other] = [make(), make()];
  const random = new Random(2);
  const drawn = () => Int32Array.from({ length: 4 }, () => random.integer(2));
  let solved = 0;
  for (let step = 0; step < 23; step++) {
    const { rewards, terminated, succeeded } = one.step(drawn());
    for (let i = 0; i < 4; i++)
      expect(succeeded[i]).toBe(Number(rewards[i] === 1 && terminated[i]));
    solved += succeeded.reduce((sum, value) => sum + value, 0);
  }
  expect(solved).toBeGreaterThan(2);
  other.restore(one.state());
  for (let step = 0; step < 30; step++) {
    const actions = drawn();
    const [wanted, found] = [one, other].map((each) => structuredClone(each.step(actions)));
    expect(found).toEqual(wanted);
  }
  expect(one.picture(0)).toBeUndefined();
});

test("mistakes of a user's environment get a sentence", () => {
  const start = (change: object) => () =>
    new OwnEnvironments("own.js", () => ({ ...counter(), ...change }), { count: 1, seed: 1 });
  expect(start({ observationSpace: { shape: 4 } })).toThrow(
    new DataError(
      'own.js: make() must give an observationSpace such as { kind: "box", shape: [4], low: 0, high: 1 }.',
    ),
  );
  expect(start({ actionSpace: { count: 1 } })).toThrow(
    new DataError(
      'own.js: make() must give an actionSpace such as { kind: "discrete", count: 4 }, of two actions at least.',
    ),
  );
  expect(start({ step: undefined })).toThrow(
    new DataError(
      "own.js: make() must give an environment with the functions reset(seed) and step(action).",
    ),
  );
  expect(start({ reset: () => [1] })).toThrow(
    new DataError("own.js: an observation must be 2 numbers, as its observationSpace says."),
  );
  const nameless = start({ step: () => ({ observation: [0, 0], reward: "1", terminated: false }) });
  expect(() => nameless().step(Int32Array.of(0))).toThrow(
    new DataError(
      "own.js: step must give a reward that is a number and terminated as true or false, got 1 and false.",
    ),
  );
});
