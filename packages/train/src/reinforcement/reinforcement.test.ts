import { readFileSync } from "node:fs";
import { compile, gradients, type HostTensor, hostTensor, mul, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { clippedPolicyLoss, policyGradientLoss } from "./clipped-policy.ts";
import { MaximumAPosteriori, type MaximumAPosterioriOptions } from "./maximum-a-posteriori.ts";
import { logProbability, policyDivergence, policyEntropy } from "./policy.ts";
import { generalizedAdvantages, type VTraceOptions, vTrace } from "./targets.ts";

interface Stored {
  readonly rewards: readonly number[];
  readonly values: readonly number[];
  readonly discounts: readonly number[];
  readonly logits: readonly number[];
  readonly before: readonly number[];
  readonly logRatios: readonly number[];
  readonly advantages: readonly number[];
  readonly actions: readonly number[];
  readonly entropy: readonly number[];
  readonly vTrace: readonly {
    readonly options: VTraceOptions;
    readonly returns: readonly number[];
    readonly advantages: readonly number[];
  }[];
  readonly generalized: readonly {
    readonly lambda: number;
    readonly advantages: readonly number[];
  }[];
  readonly clipped: readonly {
    readonly clip: number;
    readonly loss: number;
    readonly slope: readonly number[];
  }[];
  readonly maximumAPosteriori: {
    readonly options: MaximumAPosterioriOptions;
    readonly loss: number;
    readonly slopes: readonly (readonly number[])[];
  };
}

const stored = JSON.parse(
  readFileSync(new URL("../../references/reinforcement.json", import.meta.url), "utf8"),
) as Stored;

const [ROWS, STEPS, ACTIONS] = [3, 5, 4];
const perStep = (values: readonly number[]): HostTensor => hostTensor(values, [ROWS, STEPS]);
const perAction = (values: readonly number[]): HostTensor =>
  hostTensor(values, [ROWS, STEPS, ACTIONS]);

const unroll = {
  rewards: perStep(stored.rewards),
  discounts: perStep(stored.discounts),
  values: hostTensor(stored.values, [ROWS, STEPS + 1]),
};
type Given = { readonly [K in keyof typeof unroll]: Tensor };

async function once<R extends Record<string, Tensor>>(build: (given: Given) => R) {
  const run = compile(build);
  const found = await run(unroll);
  await run.release();
  return found as { readonly [K in keyof R]: HostTensor };
}

describe("V-trace", () => {
  test.each(stored.vTrace)("is the sum of its terms, $options", async ({ options, ...wanted }) => {
    const ratios = perStep(stored.logRatios);
    const run = compile((given: Given, logs: Tensor) => ({ ...vTrace(given, logs, options) }));
    const found = await run(unroll, ratios);
    expectNear(found.returns.toArray(), wanted.returns, 2e-6, "returns");
    expectNear(found.advantages.toArray(), wanted.advantages, 2e-6, "advantages");
    await run.release();
  });

  test("of the policy that acted is the n-step return, rewards and the last value discounted", async () => {
    const { returns } = await once((given) => ({ ...vTrace(given, mul(given.rewards, 0)) }));
    const wanted = Array.from({ length: ROWS * STEPS }, (_, place) => {
      const [row, step] = [Math.floor(place / STEPS), place % STEPS];
      let value = stored.values[row * (STEPS + 1) + STEPS] as number;
      for (let later = STEPS - 1; later >= step; later--) {
        const at = row * STEPS + later;
        value = (stored.rewards[at] as number) + (stored.discounts[at] as number) * value;
      }
      return value;
    });
    expectNear(returns.toArray(), wanted, 2e-6, "returns");
  });

  test("values of another length are refused", () => {
    const build = (given: Given) => ({
      ...vTrace({ ...given, values: given.rewards }, given.rewards),
    });
    return expect(once(build)).rejects.toThrow(
      "vTrace: values of [3, 5] for rewards of [3, 5]: give one step more, [3, 6].",
    );
  });
});

describe("generalised advantages", () => {
  test.each(stored.generalized)("of lambda $lambda are the sum of its terms", async (wanted) => {
    const found = await once((given) => ({ ...generalizedAdvantages(given, wanted.lambda) }));
    expectNear(found.advantages.toArray(), wanted.advantages, 2e-6, "advantages");
    const values = stored.values.filter((_, i) => i % (STEPS + 1) < STEPS);
    const returns = wanted.advantages.map((better, i) => better + (values[i] as number));
    expectNear(found.returns.toArray(), returns, 2e-6, "returns");
  });
});

const given = {
  logits: perAction(stored.logits),
  before: perAction(stored.before),
  actions: hostTensor(stored.actions, [ROWS, STEPS], "int32"),
  advantages: perStep(stored.advantages),
};
type Acted = { readonly [K in keyof typeof given]: Tensor };

test.each(stored.clipped)("PPO's clipped loss and its gradient, clip $clip", async (wanted) => {
  const run = compile(({ logits, before, actions, advantages }: Acted) => {
    const [logs, olds] = [logits, before].map((each) => logProbability(each, actions));
    const loss = clippedPolicyLoss(logs as Tensor, olds as Tensor, advantages, wanted);
    return { loss, slope: gradients(loss, [logits])[0] as Tensor };
  });
  const { loss, slope } = await run(given);
  expect(loss.item()).toBeCloseTo(wanted.loss, 5);
  expectNear(slope.toArray(), wanted.slope, 1e-6, "gradient");
  await run.release();
});

test("V-MPO's losses and the gradients of logits, temperature and penalty", async () => {
  const { options, ...wanted } = stored.maximumAPosteriori;
  const losses = new MaximumAPosteriori(options);
  const run = compile(({ logits, before, actions, advantages }: Acted) => {
    const loss = losses.forward(logits, before, actions, advantages);
    return { loss, slopes: gradients(loss, [logits, losses.temperature, losses.penalty]) };
  });
  const { loss, slopes } = await run(given);
  expect(loss.item()).toBeCloseTo(wanted.loss, 5);
  for (const [place, slope] of slopes.entries()) {
    expectNear(slope.toArray(), wanted.slopes[place] as readonly number[], 2e-6, "gradient");
  }
  await run.release();
});

test("entropy and divergence of policies; a policy does not diverge from itself", async () => {
  const run = compile(({ logits, before }: Acted) => ({
    entropy: policyEntropy(logits),
    none: policyDivergence(logits, logits),
    some: policyDivergence(logits, before),
  }));
  const { entropy, none, some } = await run(given);
  expectNear(entropy.toArray(), stored.entropy, 2e-6, "entropy");
  for (const value of none.toArray()) expect(Math.abs(value)).toBeLessThan(1e-6);
  for (const value of some.toArray()) expect(value).toBeGreaterThan(0);
  await run.release();
});

test("where nothing has been learnt yet PPO's slope is the policy gradient", async () => {
  const run = compile(({ logits, actions, advantages }: Acted) => {
    const logs = logProbability(logits, actions);
    const loss = clippedPolicyLoss(logs, logProbability(mul(logits, 1), actions), advantages);
    const plain = policyGradientLoss(logs, advantages);
    return {
      plain: gradients(plain, [logs])[0] as Tensor,
      clipped: gradients(loss, [logs])[0] as Tensor,
    };
  });
  const { plain, clipped } = await run(given);
  expectNear(clipped.toArray(), plain.toArray(), 1e-6, "slopes");
  await run.release();
});
