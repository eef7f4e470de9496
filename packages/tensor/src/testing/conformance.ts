import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import type { HostTensor } from "../host.ts";
import type { Runtime } from "../run/runtime.ts";
import { typeText } from "../shape.ts";
import {
  activeInputs,
  type Builder,
  cotangentsOf,
  differences,
  gradientsOf,
  outputsOf,
  type StoredCase,
  type StoredTensor,
  toHost,
  tolerance,
} from "./stored-case.ts";

/** How a case came out on a runtime; nothing said is nothing wrong. */
export interface Outcome {
  readonly op: string;
  readonly label: string;
  readonly dtype: string;
  readonly hasGradient: boolean;
  /** What is wrong with the values, or with the run. */
  readonly values?: string;
  /** What is wrong with the gradients. */
  readonly gradients?: string;
}

/** Runs a stored case on a runtime, values and gradients in one call, and compares both. */
export async function runCase(
  stored: StoredCase,
  build: Builder,
  runtime: Runtime,
  tolerated: number = tolerance,
): Promise<Outcome> {
  const active = activeInputs(stored);
  const { op, label } = stored;
  const dtype = stored.inputs[0]?.dtype ?? "float32";
  const facts = { op, label, dtype, hasGradient: active.length > 0 };
  const run = compile(
    (x: readonly Tensor[], dy: readonly Tensor[]) => ({
      values: outputsOf(stored, build, x),
      gradients: active.length > 0 ? gradientsOf(stored, build, x, dy) : [],
    }),
    { runtime },
  );
  try {
    const { values, gradients } = await run(stored.inputs.map(toHost), cotangentsOf(stored));
    const wanted = active.map((i) => stored.gradients?.[i] as StoredTensor);
    const wrongValues = firstWrong(values, stored.outputs, tolerated);
    const wrongGradients = firstWrong(gradients, wanted, tolerated);
    return {
      ...facts,
      ...(wrongValues !== undefined && { values: wrongValues }),
      ...(wrongGradients !== undefined && { gradients: wrongGradients }),
    };
  } catch (error) {
    return { ...facts, values: (error as Error).message };
  } finally {
    await run.release().catch(() => undefined);
  }
}

function firstWrong(
  got: readonly HostTensor[],
  wanted: readonly StoredTensor[],
  tolerated: number,
): string | undefined {
  for (const [i, stored] of wanted.entries()) {
    const [value, right] = [got[i] as HostTensor, toHost(stored)];
    if (typeText(value) !== typeText(right)) {
      return `${i} is ${typeText(value)}, not ${typeText(right)}`;
    }
    const off = differences(value, right, tolerated);
    const [first] = off;
    if (first) {
      return `${i}: ${off.length} differ, at ${first.at} ${first.got}, not ${first.wanted}`;
    }
  }
  return undefined;
}
