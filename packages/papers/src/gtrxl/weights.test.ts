import { readFileSync } from "node:fs";
import {
  add,
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  sin,
  square,
  sum,
  type Tensor,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { build, type GtrxlOptions } from "./model.ts";

const stored = JSON.parse(
  readFileSync(new URL("../../references/gtrxl.json", import.meta.url), "utf8"),
) as {
  readonly observations: readonly number[];
  readonly memories: readonly (readonly number[])[];
  readonly cases: readonly (Required<Pick<GtrxlOptions, "gate" | "norm">> & {
    readonly weights: Readonly<Record<string, readonly number[]>>;
    readonly logits: readonly number[];
    readonly values: readonly number[];
    readonly slopes: Readonly<Record<string, readonly number[]>>;
  })[];
};

const [BATCH, STEPS, MEMORY, SEEN, WIDTH] = [2, 3, 4, 3, 4];

function expectNear(got: HostTensor, wanted: readonly number[], what: string): void {
  const off = got
    .toArray()
    .filter(
      (value, i) => Math.abs(value - (wanted[i] as number)) > 1e-4 * Math.max(1, Math.abs(value)),
    );
  expect(off, what).toEqual([]);
  expect(got.data.length, what).toBe(wanted.length);
}

test.each(stored.cases)(
  "the paper's formulas: gate $gate, norms on the $norm",
  async ({ gate, norm, weights, logits, values, slopes }) => {
    const sizes = { width: WIDTH, depth: 2, heads: { count: 2, width: 3 }, feedForward: 5 };
    const options = { ...sizes, memoryLength: MEMORY, gate, norm };
    const model = build(options, { observation: SEEN, actions: 2 });
    const parameters = model.namedParameters();
    expect(parameters.map(([path]) => path).sort()).toEqual(Object.keys(weights).sort());
    for (const [path, variable] of parameters) {
      await variable.set(hostTensor(weights[path] as readonly number[], variable.shape));
    }
    const run = compile((observations: Tensor, first: Tensor, ...rest: Tensor[]) => {
      const [memory0, memory1, remembered] = rest as [Tensor, Tensor, Tensor];
      const carried = { memory0, memory1, remembered };
      const found = model.forward({ observations, first, carried });
      const loss = add(sum(mul(sin(found.logits), 2)), sum(square(found.values)));
      const all = parameters.map(([, variable]) => variable);
      return { logits: found.logits, values: found.values, slopes: gradients(loss, all) };
    });
    const found = await run(
      hostTensor(stored.observations, [BATCH, STEPS, SEEN]),
      hostTensor(new Float32Array(BATCH * STEPS), [BATCH, STEPS]),
      ...stored.memories.map((memory) => hostTensor(memory, [BATCH, MEMORY, WIDTH])),
      hostTensor([MEMORY, MEMORY], [BATCH]),
    );
    expectNear(found.logits, logits, "logits");
    expectNear(found.values, values, "values");
    for (const [place, [path]] of parameters.entries()) {
      expectNear(found.slopes[place] as HostTensor, slopes[path] as readonly number[], path);
    }
    await run.release();
  },
);
