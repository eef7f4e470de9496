import { readFileSync } from "node:fs";
import {
  compile,
  concat,
  gradients,
  hostTensor,
  mul,
  QuireError,
  sum,
  type Tensor,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { RelativeAttention } from "./relative-attention.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

const stored = JSON.parse(
  readFileSync(new URL("../references/relative-attention.json", import.meta.url), "utf8"),
) as {
  readonly memory: readonly number[];
  readonly x: readonly number[];
  readonly weigh: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly {
    readonly furthest: number;
    readonly outputs: readonly number[];
    readonly slopes: Readonly<Record<string, readonly number[]>>;
  }[];
};

const [BATCH, QUERIES, KEYS, WIDTH] = [2, 3, 5, 6];
const heads = { count: 2, width: 4 };

test.each(stored.cases)(
  "outputs and gradients are those of the formula, furthest $furthest",
  async ({ furthest, outputs, slopes }) => {
    const model = new RelativeAttention({ width: WIDTH, heads, furthest });
    const parameters = model.namedParameters();
    for (const [path, variable] of parameters) {
      await variable.set(hostTensor(stored.weights[path] as readonly number[], variable.shape));
    }
    const run = compile((memory: Tensor, x: Tensor, weigh: Tensor) => {
      const found = model.forward(x, concat([memory, x], 1));
      const wanted = [x, ...parameters.map(([, variable]) => variable)];
      return { found, slopes: gradients(sum(mul(found, weigh)), wanted) };
    });
    const shape = [BATCH, QUERIES, WIDTH];
    const got = await run(
      hostTensor(stored.memory, [BATCH, KEYS - QUERIES, WIDTH]),
      hostTensor(stored.x, shape),
      hostTensor(stored.weigh, shape),
    );
    expectNear(got.found, shape, outputs, 2e-6);
    for (const [place, name] of ["x", ...parameters.map(([path]) => path)].entries()) {
      const slope = got.slopes[place];
      if (!slope) throw new Error(`no gradient of ${name}`);
      expectNear(slope, slope.shape, slopes[name] as readonly number[], 5e-6);
    }
    await run.release();
  },
);

// One query goes to the context; of so many, keys and values are made.
test("a query alone sees what it sees among others", async () => {
  const model = new RelativeAttention({ width: 8, heads: 4, furthest: 3 });
  const run = compile((x: Tensor) => model.forward(x));
  const last = compile((x: Tensor, all: Tensor) => model.forward(x, all));
  const x = draws([2, 6, 8]);
  const whole = (await run(x)).toArray();
  for (let row = 0; row < 2; row++) {
    const data = x.data.slice((6 * row + 2) * 8, (6 * row + 6) * 8);
    const one = hostTensor(data.slice(24), [1, 1, 8]);
    const found = await last(one, hostTensor(data, [1, 4, 8]));
    const wanted = whole.slice((6 * row + 5) * 8, (6 * row + 6) * 8);
    expectNear(found, [1, 1, 8], wanted, 1e-5);
  }
  await Promise.all([run.release(), last.release()]);
});

test("gradients agree with finite differences", async () => {
  const model = new RelativeAttention({ width: 6, heads: 3 });
  await checkSlopes(model, (x) => model.forward(x), draws([2, 4, 6]));
});

test("shared keys are refused", () => {
  expect(() => new RelativeAttention({ width: 8, heads: { count: 4, keyValue: 2 } })).toThrow(
    new QuireError("RelativeAttention: every head has keys of its own; leave keyValue out."),
  );
});
