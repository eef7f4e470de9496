import {
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  sizeOf,
  sum,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { expect } from "vitest";
import { initialize } from "../model.ts";
import type { Module } from "../module.ts";

/** Normal draws of a shape, always the same for a seed. */
export function draws(shape: readonly number[], seed = 1): HostTensor<"float32"> {
  const random = new Random(seed);
  const data = new Float32Array(sizeOf(shape)).map(() => random.normal());
  return hostTensor(data, shape, "float32");
}

/** Checks the gradient of every parameter and of the input along one direction, against finite differences. */
export async function checkSlopes(
  model: Module,
  forward: (x: Tensor) => Tensor,
  x: HostTensor,
): Promise<void> {
  initialize(model, 3);
  const parameters = model.parameters();
  const weighted = (input: Tensor, weights: Tensor): Tensor => sum(mul(forward(input), weights));
  const shape = (await compile((input: Tensor) => forward(input))(x)).shape;
  const weights = draws(shape, 2);
  const value = compile(weighted);
  const slopes = compile((input: Tensor, w: Tensor) =>
    gradients(weighted(input, w), [input, ...parameters]),
  );
  const claimed = await slopes(x, weights);
  const directions = claimed.map((slope, i) => draws(slope.shape, 10 + i));
  const starts = await Promise.all(parameters.map((variable) => variable.get()));
  const at = async (step: number): Promise<number> => {
    for (const [i, variable] of parameters.entries()) {
      const start = starts[i] as HostTensor;
      await variable.set(moved(start, directions[i + 1] as HostTensor, step));
    }
    return (await value(moved(x, directions[0] as HostTensor, step), weights)).item();
  };
  const measured = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
  await restore(parameters, starts);
  const total = claimed.reduce((all, slope, i) => all + dot(slope, directions[i] as HostTensor), 0);
  const scale = claimed.reduce((all, slope) => all + Math.sqrt(dot(slope, slope)), 1);
  expect(Math.abs(total - measured) / scale, "finite difference").toBeLessThan(5e-3);
  expect(scale).toBeGreaterThan(1.01);
}

async function restore(
  parameters: readonly Variable[],
  values: readonly HostTensor[],
): Promise<void> {
  for (const [i, variable] of parameters.entries()) await variable.set(values[i] as HostTensor);
}

function moved(x: HostTensor, direction: HostTensor, step: number): HostTensor {
  const data = (x.data as Float32Array).map(
    (value, i) => value + step * (direction.data[i] as number),
  );
  return hostTensor(data, x.shape);
}

function dot(a: HostTensor, b: HostTensor): number {
  return a.toArray().reduce((total, value, i) => total + value * Number(b.data[i]), 0);
}
