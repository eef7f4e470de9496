import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { DType } from "../dtype.ts";
import { pullback } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import { sizeOf } from "../shape.ts";

interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** One call of an operation by other software: what went in, what came out, what flowed back. */
export interface StoredCase {
  readonly op: string;
  readonly label: string;
  readonly inputs: readonly StoredTensor[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly StoredTensor[];
  readonly cotangents?: readonly (StoredTensor | null)[];
  readonly gradients?: readonly (StoredTensor | null)[];
}

/** Builds an operation from its operands and the stored attributes, which it knows the types of. */
export type Builder = (
  inputs: readonly [Tensor, Tensor, Tensor, ...Tensor[]],
  // biome-ignore lint/suspicious/noExplicitAny: stored attributes have a type per operation
  attributes: any,
) => Tensor | readonly Tensor[];

/** How a family is held against its stored values. */
export interface ReferenceOptions {
  /** Largest difference, absolute or relative to the stored value. */
  readonly tolerance?: number;
  /** Cases at a kink, where finite differences say nothing; stored gradients are compared all the same. */
  readonly kinked?: (stored: StoredCase) => boolean;
  /** Operations linear or kinked everywhere, whose second derivative is not compared. */
  readonly flat?: (stored: StoredCase) => boolean;
}

/**
 * Makes tests of every stored case of a family: values and gradients against the stored ones, gradients
 * against finite differences, and gradients of gradients against finite differences of gradients.
 * Every operation of the file must have a builder, and every builder a case.
 */
export function checkReferences(
  family: string,
  builders: Readonly<Record<string, Builder>>,
  options: ReferenceOptions = {},
): void {
  const path = new URL(`../../references/${family}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: readonly StoredCase[] };
  test(`${family}: the stored operations are the tested ones`, () => {
    const stored = [...new Set(cases.map(({ op }) => op))].sort();
    expect(Object.keys(builders).sort()).toEqual(stored);
  });
  for (const stored of cases) {
    const build = builders[stored.op];
    if (build) test(`${stored.op}: ${stored.label}`, () => checkCase(stored, build, options));
  }
}

/** Operand positions that gradients are stored for. */
function activeInputs(stored: StoredCase): number[] {
  return (stored.gradients ?? []).flatMap((gradient, i) => (gradient ? [i] : []));
}

async function checkCase(
  stored: StoredCase,
  build: Builder,
  options: ReferenceOptions,
): Promise<void> {
  const tolerance = options.tolerance ?? 1e-5;
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
    const cotangents = (stored.cotangents ?? []).flatMap((dy) => (dy ? [toHost(dy)] : []));
    const gradients = await backward(inputs, cotangents);
    active.forEach((position, i) => {
      const wanted = toHost(stored.gradients?.[position] as StoredTensor);
      expectClose(gradients[i] as HostTensor, wanted, tolerance, `gradient ${position}`);
    });
    if (!options.kinked?.(stored) && inputs.every(isAllFinite)) {
      const evaluate = (x: readonly HostTensor[]) => forward(x);
      await checkFirst(stored, inputs, gradients, evaluate);
      if (!options.flat?.(stored)) {
        await checkSecond(stored, build, inputs, (x) => backward(x, cotangents));
      }
    }
    await backward.release();
  }
  await forward.release();
}

function outputsOf(stored: StoredCase, build: Builder, x: readonly Tensor[]): readonly Tensor[] {
  const built = build(x as unknown as Parameters<Builder>[0], stored.attributes);
  return Array.isArray(built) ? (built as readonly Tensor[]) : [built as Tensor];
}

function gradientsOf(
  stored: StoredCase,
  build: Builder,
  x: readonly Tensor[],
  dy: readonly Tensor[],
): Tensor[] {
  const outputs = outputsOf(stored, build, x);
  const queue = [...dy];
  const cotangents = (stored.cotangents ?? []).map((stored) =>
    stored ? queue.shift() : undefined,
  );
  return pullback(
    outputs,
    activeInputs(stored).map((i) => x[i] as Tensor),
    cotangents,
  );
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
  const cotangents = (stored.cotangents ?? []).flatMap((dy) => (dy ? [toHost(dy)] : []));
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

/** Stored numbers as a host tensor; `"NaN"` and `"Infinity"` are spelled out in the files. */
export function toHost({ dtype, shape, data }: StoredTensor): HostTensor {
  return hostTensor(data.map(Number), shape, dtype);
}

/** Compares whole tensors: type, then every element, absolute or relative to the wanted value. */
export function expectClose(
  got: HostTensor,
  wanted: HostTensor,
  tolerance: number,
  what = "tensor",
): void {
  expect(got.dtype, `${what}: dtype`).toBe(wanted.dtype);
  expect(got.shape, `${what}: shape`).toEqual(wanted.shape);
  const values = got.toArray();
  const off = wanted.toArray().flatMap((value, i) => {
    const other = values[i] as number;
    const isSame = Object.is(value, other) || value === other;
    const isClose = Math.abs(value - other) <= tolerance * Math.max(1, Math.abs(value));
    return isSame || isClose ? [] : [{ at: i, got: other, wanted: value }];
  });
  expect(off.slice(0, 5), `${what}: ${off.length} values differ`).toEqual([]);
}
