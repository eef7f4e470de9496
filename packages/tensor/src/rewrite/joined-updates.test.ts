import { expect, test } from "vitest";
import { sorted } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { type Recording, record } from "../graph/record.ts";
import { Variable } from "../graph/variable.ts";
import { emit } from "../onnx/emit.ts";
import { add, div, mul, sqrt, sub, sum } from "../ops/index.ts";
import { Random } from "../random/random.ts";
import { nodeRuntime } from "../run/node.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import { optimize } from "./index.ts";
import { joinUpdates } from "./joined-updates.ts";

const MANY = 100;

interface Parameter {
  readonly value: Variable;
  readonly first: Variable;
  readonly second: Variable;
  readonly decay: number;
}

function parameter(i: number, shape: readonly number[], decay: number): Parameter {
  const named = (what: string): Variable => new Variable(shape, { name: `${what}${i}` });
  return { value: named("value"), first: named("first"), second: named("second"), decay };
}

/** An update in the manner of Adam: moments that are kept and used, a rate from outside. */
function recordedUpdate(parameters: readonly Parameter[]): Recording {
  const gradients: TensorType[] = parameters.map(({ value }) => value);
  const { graph, ...rest } = record(
    (rate: Tensor, ...given: readonly Tensor[]) => {
      const loss = sum(mul(given[0] as Tensor, parameters[0]?.value as Variable));
      parameters.forEach(({ value, first, second, decay }, i) => {
        const g = given[i] as Tensor;
        first.assign(add(mul(first, 0.9), g));
        second.assign(add(mul(second, 0.99), mul(g, g)));
        const move = div(first.tensor, add(sqrt(second.tensor), 1e-8));
        const kept = decay === 0 ? value.tensor : mul(value, sub(1, mul(rate, decay)));
        value.assign(sub(kept, mul(move, rate)));
      });
      return { loss };
    },
    [{ shape: [], dtype: "float32" }, ...gradients],
  );
  return { ...rest, graph: optimize(graph) };
}

function counts({ graph }: Recording): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { spec } of sorted(graph.outputs)) found[spec.name] = (found[spec.name] ?? 0) + 1;
  return found;
}

async function valuesOf({ graph }: Recording): Promise<Float32Array[]> {
  const random = new Random(5);
  const inputs = graph.inputs.map((_, i) => `in_${i}`);
  const outputs = graph.outputs.map((_, i) => `out_${i}`);
  const session = await nodeRuntime.load(emit(graph, { inputs, outputs }), { inputs, outputs });
  const fed = graph.inputs.map((type) => {
    const data = new Float32Array(sizeOf(type.shape)).map(() => Math.abs(random.normal()));
    return nodeRuntime.allocate(type, data);
  });
  const made = graph.outputs.map((type) => nodeRuntime.allocate(type));
  await session.run(fed, made);
  await session.release();
  return Promise.all(made.map(async (buffer) => (await buffer.read()) as Float32Array));
}

/** Vectors and a matrix with decay, vectors without, and one that is too large to be worth a copy. */
const mixed = (): Parameter[] => [
  parameter(0, [7], 0.1),
  parameter(1, [13], 0),
  parameter(2, [3, 5], 0.1),
  parameter(3, [1], 0),
  parameter(4, [200, 100], 0.1),
  parameter(5, [64], 0.1),
];

test("updates of one form are made together and give the same bits", async () => {
  const plain = recordedUpdate(mixed());
  const joined = joinUpdates(plain, MANY);
  // Three groups are left: with decay, without, and the large one alone.
  expect(counts(plain)).toMatchObject({ sqrt: 6, div: 6 });
  expect(counts(joined)).toMatchObject({ sqrt: 3, div: 3, concat: 8, split: 6 });
  expect(joined.writes).toEqual(plain.writes);
  expect(await valuesOf(joined)).toEqual(await valuesOf(plain));
});

test("a kernel gets no more tensors than it takes", async () => {
  const plain = recordedUpdate(Array.from({ length: 7 }, (_, i) => parameter(i, [i + 2], 0)));
  const joined = joinUpdates(plain, 3);
  const widths = sorted(joined.graph.outputs)
    .filter(({ spec }) => spec.name === "concat" || spec.name === "split")
    .map(({ inputs, outputs }) => Math.max(inputs.length, outputs.length));
  expect(Math.max(...widths)).toBe(3);
  expect(counts(joined)).toMatchObject({ sqrt: 3 });
  expect(await valuesOf(joined)).toEqual(await valuesOf(plain));
});

test("an update that another one, or a result, waits for stays alone", async () => {
  const [a, b, c] = [0, 1, 2].map((i) => new Variable([4], { name: `v${i}` })) as [
    Variable,
    Variable,
    Variable,
  ];
  const types: TensorType[] = [{ shape: [4], dtype: "float32" }];
  const plain = record((x: Tensor) => {
    a.assign(mul(a, x));
    // Waits for all of a, so that the two must not be one.
    b.assign(mul(b, mul(x, sum(a.tensor))));
    c.assign(mul(c, x));
    return { seen: c.tensor };
  }, types);
  const joined = joinUpdates(plain, MANY);
  expect(counts(joined)).toEqual(counts(plain));
  expect(await valuesOf(joined)).toEqual(await valuesOf(plain));
});

test("updates that share only a part are joined in that part", async () => {
  const variables = Array.from({ length: 4 }, (_, i) => new Variable([5], { name: `v${i}` }));
  const others = Array.from({ length: 4 }, (_, i) => new Variable([5], { name: `w${i}` }));
  const types = variables.map(() => ({ shape: [5], dtype: "float32" }) as const);
  const { graph, ...rest } = record((...given: readonly Tensor[]) => {
    variables.forEach((variable, i) => {
      const next = add(mul(variable, 0.5), given[i] as Tensor);
      variable.assign(next);
      const other = others[i] as Variable;
      other.assign(i < 2 ? sub(other, next) : mul(other, next));
    });
  }, types);
  const plain = { ...rest, graph: optimize(graph) };
  const joined = joinUpdates(plain, MANY);
  expect(counts(joined)).toMatchObject({ sub: 1, add: 2 });
  expect(await valuesOf(joined)).toEqual(await valuesOf(plain));
});
