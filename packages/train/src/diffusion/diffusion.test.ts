import {
  compile,
  concat,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { Diffusion } from "./diffusion.ts";
import { betasOf, NoiseSchedule } from "./noise-schedule.ts";
import { startOf } from "./prediction.ts";

const random = new Random(4);
const shape = [3, 2, 2, 2];
const draw = (): HostTensor<"float32"> =>
  hostTensor(
    Float32Array.from({ length: 24 }, () => random.normal()),
    shape,
    "float32",
  );
const [start, noise] = [draw(), draw()];
const whole = [0, 500, 999];
const times = hostTensor(Int32Array.from(whole), [3], "int32");

describe("schedules", () => {
  test("of noise keep the variance, and end in almost nothing else", () => {
    for (const kind of ["linear", "cosine"] as const) {
      const { alphas, sigmas } = new NoiseSchedule(betasOf(kind, 1000));
      alphas.forEach((alpha, i) => {
        expect(alpha ** 2 + (sigmas[i] as number) ** 2).toBeCloseTo(1, 12);
      });
      expect(alphas[0]).toBeGreaterThan(0.999);
      expect(alphas[999]).toBeLessThan(0.01);
    }
  });

  test("have the published betas, and between whole times a line of the logarithm", () => {
    const betas = betasOf("linear", 1000);
    expect([betas[0], betas[999]]).toEqual([1e-4, 0.02]);
    const schedule = new NoiseSchedule(betas);
    const [first, second, between] = [10, 11, 10.25].map((time) => schedule.at(time).alpha);
    const line = 0.75 * Math.log(first as number) + 0.25 * Math.log(second as number);
    expect(Math.log(between as number)).toBeCloseTo(line, 12);
    // Nichol and Dhariwal 2021, eq. 17, at the middle.
    const { alphas } = new NoiseSchedule(betasOf("cosine", 1000));
    const kept = (at: number): number => Math.cos(((at + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    expect((alphas[499] as number) ** 2).toBeCloseTo(kept(0.5) / kept(0), 6);
  });
});

describe.each(["noise", "start", "velocity"] as const)(
  "a network that foretells the %s",
  (prediction) => {
    const diffusion = new Diffusion({ prediction });
    const run = compile((x: Tensor, e: Tensor, t: Tensor) => {
      const values = { start: x, noise: e, times: t };
      const noised = diffusion.noised(values);
      const target = diffusion.target(values);
      return {
        noised,
        target,
        start: diffusion.startOf(target, noised, t),
        loss: diffusion.loss(target, values),
      };
    });

    test("and says it right means the start, has no loss, and the host reads it so too", async () => {
      const found = await run(start, noise, times);
      const { alphas, sigmas } = diffusion.schedule;
      const wanted = start.toArray().map((x, i) => {
        const time = whole[Math.floor(i / 8)] as number;
        return (
          (alphas[time] as number) * x + (sigmas[time] as number) * (noise.toArray()[i] as number)
        );
      });
      expectNear(found.noised.toArray(), wanted, 1e-6);
      // At the last time 1 / alpha is 158, which float32 shows.
      expectNear(found.start.toArray(), start.toArray(), 1e-3);
      expect(found.loss.item()).toBe(0);
      const host = startOf(
        prediction,
        diffusion.schedule.at(500),
        Float64Array.from(found.noised.toArray().slice(8, 16)),
        Float64Array.from(found.target.toArray().slice(8, 16)),
      );
      expectNear(Array.from(host), start.toArray().slice(8, 16), 1e-5);
    });
  },
);

describe("learned variances", () => {
  const diffusion = new Diffusion({ variance: "learned" });
  const joined = (said: Tensor, share: Tensor): Tensor => concat([said, share], 1);
  const lossOf = compile((x: Tensor, e: Tensor, t: Tensor, share: Tensor) => {
    const values = { start: x, noise: e, times: t };
    return diffusion.loss(joined(e, share), values);
  });
  const filled = (value: number): HostTensor<"float32"> =>
    hostTensor(new Float32Array(24).fill(value), shape, "float32");
  const late = hostTensor(Int32Array.from([300, 600, 900]), [3], "int32");

  test("cost nothing where they are the posterior's, and more the further they are away", async () => {
    const losses: number[] = [];
    for (const share of [-1, 0, 1]) {
      losses.push((await lossOf(start, noise, late, filled(share))).item());
    }
    expect(losses[0]).toBeLessThan(1e-5);
    expect(losses[1]).toBeGreaterThan(losses[0] as number);
    expect(losses[2]).toBeGreaterThan(losses[1] as number);
  });

  test("teach themselves alone: the bound's slope does not reach what is foretold", async () => {
    const said = new Variable(shape, { initial: noise });
    const share = new Variable(shape, { initial: 0 });
    const slopes = await compile((x: Tensor, e: Tensor, t: Tensor) =>
      gradients(
        diffusion.loss(joined(said.tensor, share.tensor), { start: x, noise: e, times: t }),
        [said, share],
      ),
    )(start, noise, late);
    expect(slopes[0]?.toArray().every((value) => value === 0)).toBe(true);
    expect(slopes[1]?.toArray().every((value) => value > 0)).toBe(true);
  });

  test("need channels that can be halved", async () => {
    await expect(() =>
      compile((x: Tensor) => diffusion.parts(x).said)(hostTensor(new Float32Array(3), [1, 3, 1])),
    ).rejects.toThrow("Diffusion: learned variances need an even number of channels, got 3.");
  });
});
