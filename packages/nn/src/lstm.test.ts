import { readFileSync } from "node:fs";
import {
  add,
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
import { expect, test } from "vitest";
import { Lstm } from "./lstm.ts";
import { initialize } from "./model.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StoredCase extends Readonly<Record<"weigh" | "outputs" | "hidden" | "cell", Stored>> {
  readonly depth: number;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly given: Readonly<Record<"x" | "hidden" | "cell", Stored>>;
  readonly slopes: Readonly<Record<string, Stored>>;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../references/lstm.json", import.meta.url), "utf8"),
) as { readonly cases: readonly StoredCase[] };

const host = ({ shape, data }: Stored): HostTensor => hostTensor(data, shape);

/** PyTorch's two biases as the one that they sum up to. */
function summed(first: Stored, second: Stored): HostTensor {
  const data = first.data.map((value, i) => value + (second.data[i] as number));
  return hostTensor(data, first.shape);
}

async function loaded({ depth, weights, given, hidden }: StoredCase): Promise<Lstm> {
  const model = new Lstm({
    in: given.x.shape[2] as number,
    width: hidden.shape[2] as number,
    depth,
  });
  const of = (name: string): Stored => weights[name] as Stored;
  for (const [i, layer] of model.layers.entries()) {
    await layer.input.weight.set(host(of(`weight_ih_l${i}`)));
    await layer.hidden.set(host(of(`weight_hh_l${i}`)));
    await layer.input.bias?.set(summed(of(`bias_ih_l${i}`), of(`bias_hh_l${i}`)));
  }
  return model;
}

test.each(cases)("PyTorch's outputs, states and gradients: depth $depth", async (stored) => {
  const model = await loaded(stored);
  const { given, weigh } = stored;
  const parameters = model.parameters();
  const run = compile((x: Tensor, hidden: Tensor, cell: Tensor, weights: Tensor) => {
    const { outputs, state } = model.goOn(x, { hidden, cell });
    const loss = add(sum(mul(outputs, weights)), sum(mul(state.cell, 0.5)));
    const slopes = gradients(loss, [x, hidden, cell, ...parameters]);
    return { outputs, hidden: state.hidden, cell: state.cell, slopes };
  });
  const found = await run(host(given.x), host(given.hidden), host(given.cell), host(weigh));
  for (const name of ["outputs", "hidden", "cell"] as const) {
    expectNear(found[name], stored[name].shape, stored[name].data, 1e-5);
  }
  const names = ["x", "hidden", "cell"];
  for (let i = 0; i < stored.depth; i++)
    names.push(`weight_ih_l${i}`, `bias_ih_l${i}`, `weight_hh_l${i}`);
  expect(found.slopes.length).toBe(names.length);
  names.forEach((name, i) => {
    const { shape, data } = stored.slopes[name] as Stored;
    expectNear(found.slopes[i] as HostTensor, shape, data, 1e-5);
  });
});

test("going on from a state gives what one walk gives", async () => {
  const model = new Lstm({ in: 3, width: 4, depth: 2 });
  initialize(model, 1);
  const x = draws([2, 6, 3]);
  const whole = compile((input: Tensor) => model.forward(input));
  const first = compile((input: Tensor) => {
    const { outputs, state } = model.goOn(input, undefined);
    return { outputs, hidden: state.hidden, cell: state.cell };
  });
  const second = compile((input: Tensor, hidden: Tensor, cell: Tensor) => {
    return model.goOn(input, { hidden, cell }).outputs;
  });
  const rows = (from: number, to: number): HostTensor => {
    const data = [0, 1].flatMap((b) => x.toArray().slice((b * 6 + from) * 3, (b * 6 + to) * 3));
    return hostTensor(data, [2, to - from, 3]);
  };
  const wanted = (await whole(x)).toArray();
  const start = await first(rows(0, 4));
  const end = await second(rows(4, 6), start.hidden, start.cell);
  const part = (from: number, to: number): number[] =>
    [0, 1].flatMap((b) => wanted.slice((b * 6 + from) * 4, (b * 6 + to) * 4));
  expectNear(start.outputs, [2, 4, 4], part(0, 4));
  expectNear(end, [2, 2, 4], part(4, 6));
});

test("where something new begins, nothing of what was before is left", async () => {
  const model = new Lstm({ in: 3, width: 4, depth: 2 });
  initialize(model, 1);
  const x = draws([2, 6, 3]);
  const kept = hostTensor([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1], [2, 6]);
  const run = compile((input: Tensor, shares: Tensor) => ({
    parted: model.goOn(input, undefined, undefined, shares).outputs,
    whole: model.forward(input),
  }));
  const [second] = [hostTensor(x.toArray().slice(10 * 3), [1, 2, 3])];
  const alone = (await compile((input: Tensor) => model.forward(input))(second)).toArray();
  const { parted, whole } = await run(x, kept);
  expectNear(parted, [2, 6, 4], [...whole.toArray().slice(0, 10 * 4), ...alone]);
  const other = new Lstm({ in: 3, width: 4, depth: 2 });
  await checkSlopes(
    other,
    (input) => other.goOn(input, undefined, undefined, constant(kept)).outputs,
    x,
  );
});

test("its gradients are slopes, and its parameters have paths", async () => {
  const model = new Lstm({ in: 3, width: 4, depth: 2 });
  await checkSlopes(model, (x) => model.forward(x), draws([2, 5, 3]));
  expect(model.namedState().map(([path, { shape }]) => `${path} [${shape.join()}]`)).toEqual([
    "layers.0.input.weight [16,3]",
    "layers.0.input.bias [16]",
    "layers.0.hidden [16,4]",
    "layers.1.input.weight [16,4]",
    "layers.1.input.bias [16]",
    "layers.1.hidden [16,4]",
  ]);
});

test("dropout stands between layers, in training only", async () => {
  const model = new Lstm({ in: 3, width: 8, depth: 2, dropout: 0.5 });
  initialize(model, 1);
  const x = draws([2, 5, 3]);
  const plain = await compile((input: Tensor) => model.forward(input))(x);
  const random = new RandomStream(1);
  const dropped = await compile((input: Tensor) =>
    model.forward(input, { training: true, random }),
  )(x);
  expect(dropped).not.toEqual(plain);
  const single = new Lstm({ in: 3, width: 8, dropout: 0.5 });
  initialize(single, 1);
  const inTraining = compile((input: Tensor) => single.forward(input, { training: true, random }));
  expect(await inTraining(x)).toEqual(await compile((i: Tensor) => single.forward(i))(x));
});

test("a state of another size is refused", () => {
  const model = new Lstm({ in: 3, width: 4 });
  const run = compile((x: Tensor, hidden: Tensor) => {
    return model.goOn(x, { hidden, cell: hidden }).outputs;
  });
  return expect(run(draws([2, 5, 3]), draws([1, 3, 4]))).rejects.toThrow(
    /^Lstm: the state is \[1, 3, 4\], where it must be \[1, 2, 4\]: layers, batch, width\.$/,
  );
});

test("forget gates begin with the bias that is asked for", async () => {
  const model = new Lstm({ in: 3, width: 2, depth: 2, forgetBias: 1 });
  initialize(model, 1);
  for (const { input } of model.layers) {
    expect((await input.bias?.get())?.toArray()).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  }
});
