import {
  compile,
  constant,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  RandomStream,
  sum,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { type Choice, gumbelChoice, hardChoice, softChoice, straightThrough } from "./choice.ts";
import { Temperature } from "./temperature.ts";

const logits = hostTensor([0.5, -1, 2, 2], [1, 4]);
const weights = hostTensor([1, 2, 3, 5], [4]);

/** A choice of the logits, and the slope of its weighted sum. */
async function chosen(choice: Choice): Promise<[number[], number[]]> {
  const [made, slope] = await compile((x: Tensor) => {
    const y = choice(x);
    return [y, gradients(sum(mul(y, constant(weights))), [x])[0] as Tensor];
  })(logits);
  return [(made as HostTensor).toArray(), (slope as HostTensor).toArray()];
}

function softmaxOf(values: readonly number[], temperature: number): number[] {
  const powers = values.map((value) => Math.exp(value / temperature));
  const all = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / all);
}

function expectNear(got: readonly number[], wanted: readonly number[], tolerance = 1e-5): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs((got[i] as number) - value)).toBeLessThan(tolerance);
  }
}

describe("choices", () => {
  test("a hard one is the likeliest value, the first among equals", async () => {
    const made = await compile((x: Tensor) => hardChoice(x))(logits);
    expect(made.toArray()).toEqual([0, 0, 1, 0]);
  });

  test("a soft one is the softmax of logits over the temperature, with its gradient", async () => {
    const [made, slope] = await chosen(softChoice(0.5));
    const wanted = softmaxOf([0.5, -1, 2, 2], 0.5);
    expectNear(made, wanted);
    const mean = wanted.reduce((all, p, i) => all + p * Number(weights.data[i]), 0);
    expectNear(
      slope,
      wanted.map((p, i) => (p * (Number(weights.data[i]) - mean)) / 0.5),
    );
  });

  test("straight through: a hard value with the soft one's gradient", async () => {
    const [made, slope] = await chosen(straightThrough(softChoice(0.5)));
    expectNear(made, [0, 0, 1, 0], 1e-6);
    expectNear(slope, (await chosen(softChoice(0.5)))[1]);
  });

  test("a Gumbel sample's likeliest values have the softmax's shares, at any temperature", async () => {
    const count = 40_000;
    const rows = hostTensor(
      Array.from({ length: count * 3 }, (_, i) => [1, 0, -1][i % 3] as number),
      [count, 3],
    );
    const shares = softmaxOf([1, 0, -1], 1);
    for (const temperature of [3, 0.01]) {
      const random = new RandomStream(7);
      const draw = compile((x: Tensor) => {
        const soft = gumbelChoice(temperature, random)(x);
        return [sum(hardChoice(soft), { axes: 0 }), sum(soft, { axes: 1 })];
      });
      const [counts, sums] = await draw(rows);
      for (const [i, share] of shares.entries()) {
        const deviation = Math.sqrt(count * share * (1 - share));
        const found = (counts as HostTensor).toArray()[i] as number;
        expect(Math.abs(found - count * share)).toBeLessThan(4.5 * deviation);
      }
      const totals = (sums as HostTensor).toArray();
      expect(totals.every((total) => Math.abs(total - 1) < 1e-4)).toBe(true);
    }
  });

  test("Gumbel draws change from run to run and come again with the seed", async () => {
    const drawn = (seed: number) => {
      const random = new RandomStream(seed);
      return compile((x: Tensor) => gumbelChoice(1, random)(x));
    };
    const [first, second] = [drawn(1), drawn(1)];
    const once = (await first(logits)).toArray();
    expect((await first(logits)).toArray()).not.toEqual(once);
    expect((await second(logits)).toArray()).toEqual(once);
  });

  test("noise that is drawn at once has the same shares, and is another for every choice", async () => {
    const count = 20_000;
    const rows = hostTensor(
      Array.from({ length: count * 3 }, (_, i) => [1, 0, -1][i % 3] as number),
      [count, 3],
    );
    const random = new RandomStream(7);
    const draw = compile((x: Tensor) => {
      const choice = gumbelChoice(0.5, random, 2 * count * 3);
      const both = [choice(x), choice(x)].map((soft) => hardChoice(soft)) as [Tensor, Tensor];
      return [...both.map((made) => sum(made, { axes: 0 })), sum(mul(...both))];
    });
    const [first, second, same] = (await draw(rows)).map((value) =>
      (value as HostTensor).toArray(),
    );
    const shares = softmaxOf([1, 0, -1], 1);
    const near = (found: number, share: number): void => {
      const deviation = Math.sqrt(count * share * (1 - share));
      expect(Math.abs(found - count * share)).toBeLessThan(4.5 * deviation);
    };
    for (const [i, share] of shares.entries()) {
      near(first?.[i] as number, share);
      near(second?.[i] as number, share);
    }
    near(
      same?.[0] as number,
      shares.reduce((all, share) => all + share * share, 0),
    );
  });
});

describe("a temperature", () => {
  const training = { training: true } as const;

  test.each([
    ["geometric", [3, Math.sqrt(3 * 0.03), 0.03, 0.03]],
    ["linear", [3, 1.515, 0.03, 0.03]],
  ] as const)("falls %s over the steps of a training and stays", async (schedule, wanted) => {
    const temperature = new Temperature({ from: 3, to: 0.03, schedule });
    temperature.spread(3);
    const step = compile(() => temperature.forward(training));
    const found: number[] = [];
    for (let i = 0; i < 4; i++) found.push((await step()).item());
    expectNear(found, wanted);
  });

  test("goes on where its variable says, and rests outside of training", async () => {
    const temperature = new Temperature({ from: 4, to: 1, schedule: "geometric" });
    temperature.spread(3);
    await temperature.step.set(hostTensor([1], [], "int32"));
    const look = compile(() => temperature.forward());
    expectNear([(await look()).item(), (await look()).item()], [2, 2]);
    expect(temperature.namedState().map(([path]) => path)).toEqual(["step"]);
  });
});
