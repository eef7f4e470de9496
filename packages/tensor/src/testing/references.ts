import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { pullback } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import { sizeOf } from "../shape.ts";
import {
  activeInputs,
  type Builder,
  cotangentsOf,
  differences,
  type Family,
  gradientsOf,
  outputsOf,
  type StoredCase,
  type StoredTensor,
  toHost,
  tolerance,
} from "./stored-case.ts";

/**
 * Makes tests of every stored case of a family: values and gradients against the stored ones, gradients
 * against finite differences, and gradients of gradients against finite differences of gradients.
 * Every operation of the file must have a builder, and every builder a case.
 */
export function checkReferences({ name, builders, kinked }: Family): void {
  const path = new URL(`../../references/${name}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: readonly StoredCase[] };
  test(`${name}: the stored operations are the tested ones`, () => {
    const stored = [...new Set(cases.map(({ op }) => op))].sort();
    expect(Object.keys(builders).sort()).toEqual(stored);
  });
  for (const stored of cases) {
    const build = builders[stored.op];
    const isSmooth = !kinked?.(stored);
    if (build) test(`${stored.op}: ${stored.label}`, () => checkCase(stored, build, isSmooth));
  }
}

async function checkCase(stored: StoredCase, build: Builder, isSmooth: boolean): Promise<void> {
  const inputs = stored.inputs.map(toHost);
  const active = activeInputs(stored);
  const forward = compile((x: readonly Tensor[]) => outputsOf(stored, build, x));
  const values = await forward(inputs);
  expect(values.length).toBe(stored.outputs.length);
  stored.outputs.forEach((output, i) => {
    expectClose(values[i] as HostTensor, toHost(output), tolerance, `output ${i}`);
  });
  if (active.length > 0) {
    const backward = compile((x: readonly Tensor[], dy: readonly Tensor[]) =>
      gradientsOf(stored, build, x, dy),
    );
    const cotangents = cotangentsOf(stored);
    const gradients = await backward(inputs, cotangents);
    active.forEach((position, i) => {
      const wanted = toHost(stored.gradients?.[position] as StoredTensor);
      expectClose(gradients[i] as HostTensor, wanted, tolerance, `gradient ${position}`);
    });
    if (isSmooth && inputs.every(isAllFinite)) {
      const evaluate = (x: readonly HostTensor[]) => forward(x);
      await checkFirst(stored, inputs, gradients, evaluate);
      await checkSecond(stored, build, inputs, (x) => backward(x, cotangents));
    }
    await backward.release();
  }
  await forward.release();
}

const step = 1e-3;

/** Along one seeded direction, the slope of Σ output · cotangent must be Σ gradient · direction. */
async function checkFirst(
  stored: StoredCase,
  inputs: readonly HostTensor[],
  gradients: readonly HostTensor[],
  evaluate: (x: readonly HostTensor[]) => Promise<readonly HostTensor[]>,
): Promise<void> {
  const directions = directionsFor(stored, 1);
  const value = async (sign: number): Promise<number> => {
    const outputs = await evaluate(moved(stored, inputs, directions, sign * step));
    return (stored.cotangents ?? []).reduce(
      (total, dy, i) => total + (dy ? dot(outputs[i] as HostTensor, toHost(dy)) : 0),
      0,
    );
  };
  const measured = ((await value(1)) - (await value(-1))) / (2 * step);
  const claimed = gradients.reduce((total, g, i) => total + dot(g, directions[i] as HostTensor), 0);
  const scale = gradients.reduce((total, g) => total + Math.sqrt(dot(g, g)), 1);
  expect(Math.abs(claimed - measured) / scale, "finite difference").toBeLessThan(1e-2);
}

/** The same of the gradients themselves: what is differentiable once is differentiable again. */
async function checkSecond(
  stored: StoredCase,
  build: Builder,
  inputs: readonly HostTensor[],
  evaluate: (x: readonly HostTensor[]) => Promise<readonly HostTensor[]>,
): Promise<void> {
  const directions = directionsFor(stored, 1);
  const weights = directionsFor(stored, 2);
  const cotangents = cotangentsOf(stored);
  const again = compile((x: readonly Tensor[], dy: readonly Tensor[], w: readonly Tensor[]) =>
    pullback(
      gradientsOf(stored, build, x, dy),
      activeInputs(stored).map((i) => x[i] as Tensor),
      w,
    ),
  );
  const curvature = await again(inputs, cotangents, weights);
  await again.release();
  const value = async (sign: number): Promise<number> => {
    const gradients = await evaluate(moved(stored, inputs, directions, sign * step));
    return gradients.reduce((total, g, i) => total + dot(g, weights[i] as HostTensor), 0);
  };
  const measured = ((await value(1)) - (await value(-1))) / (2 * step);
  const claimed = curvature.reduce((total, c, i) => total + dot(c, directions[i] as HostTensor), 0);
  const scale = curvature.reduce((total, c) => total + Math.sqrt(dot(c, c)), 1);
  expect(Math.abs(claimed - measured) / scale, "second difference").toBeLessThan(2e-2);
}

function directionsFor(stored: StoredCase, seed: number): HostTensor[] {
  const random = new Random(seed);
  return activeInputs(stored).map((i) => {
    const { shape } = stored.inputs[i] as StoredTensor;
    const data = new Float32Array(sizeOf(shape)).map(() => random.normal());
    return hostTensor(data, shape);
  });
}

function moved(
  stored: StoredCase,
  inputs: readonly HostTensor[],
  directions: readonly HostTensor[],
  length: number,
): HostTensor[] {
  const active = activeInputs(stored);
  return inputs.map((input, i) => {
    const direction = directions[active.indexOf(i)];
    if (!direction) return input;
    const data = (input.data as Float32Array).map(
      (value, k) => value + length * (direction.data[k] as number),
    );
    return hostTensor(data, input.shape);
  });
}

function dot(a: HostTensor, b: HostTensor): number {
  return a.toArray().reduce((total, value, i) => total + value * Number(b.data[i]), 0);
}

function isAllFinite(tensor: HostTensor): boolean {
  return tensor.toArray().every(Number.isFinite);
}

/** Compares whole tensors: type, then every element, absolute or relative to the wanted value. */
export function expectClose(
  got: HostTensor,
  wanted: HostTensor,
  tolerated: number,
  what = "tensor",
): void {
  expect(got.dtype, `${what}: dtype`).toBe(wanted.dtype);
  expect(got.shape, `${what}: shape`).toEqual(wanted.shape);
  const off = differences(got, wanted, tolerated);
  expect(off.slice(0, 5), `${what}: ${off.length} values differ`).toEqual([]);
}
