import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { print } from "../graph/print.ts";
import { record } from "../graph/record.ts";
import type { Tree } from "../graph/tree.ts";
import { Variable } from "../graph/variable.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { exportOnnx } from "../onnx/export.ts";
import { Random } from "../random/random.ts";
import { optimize } from "../rewrite/index.ts";
import { nodeRuntime } from "../run/node.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { recurrences } from "../testing/builders/scan.ts";
import { checkReferences, expectClose } from "../testing/references.ts";
import { add, mul } from "./arithmetic.ts";
import { stack } from "./join.ts";
import { matmul } from "./linalg.ts";
import { reshape } from "./movement.ts";
import { RandomStream } from "./random-stream.ts";
import { sum } from "./reduce.ts";
import { scan } from "./scan.ts";
import { cast, full } from "./select.ts";
import { slice } from "./slice.ts";
import { tanh } from "./trigonometry.ts";

checkReferences(recurrences);

function drawn(shape: Shape, seed: number): HostTensor {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.uniform() - 0.5),
    shape,
  );
}

/** The same as scan, a node for every step. */
const unrolled: typeof scan = (step, carry, xs, { reverse = false } = {}) => {
  const length = (xs as Tensor).shape[0] as number;
  const ys: Tensor[] = [];
  let state = carry;
  for (let n = 0; n < length; n++) {
    const at = reverse ? length - 1 - n : n;
    const x = slice(xs as Tensor, [at], [at + 1]);
    const stepped = step(state, reshape(x, x.shape.slice(1)) as never);
    state = stepped.carry;
    ys[at] = stepped.y as Tensor;
  }
  return { carry: state, ys: stack(ys) as never };
};

describe("scan", () => {
  for (const reverse of [false, true]) {
    test(`equals its steps one by one, with two gradients, ${reverse ? "from the end" : "from the start"}`, async () => {
      const weight = new Variable([3, 3], { name: "weight", initial: drawn([3, 3], 1) });
      const model = (loop: typeof scan) =>
        compile((xs: Tensor, scale: Tensor) => {
          const { carry, ys } = loop(
            ({ h, count }: { h: Tensor; count: Tensor }, x: Tensor) => {
              const mixed = matmul(h, mul(weight.tensor, scale));
              const next = tanh(add(mixed, mul(x, cast(count, "float32"))));
              return { carry: { h: next, count: add(count, 1) }, y: mul(next, x) };
            },
            { h: full([2, 3], 0.1), count: full([], 1, "int32") },
            xs,
            { reverse },
          );
          const loss = add(sum(mul(ys, ys)), sum(carry.h));
          const [dw, dx, ds] = gradients(loss, [weight, xs, scale]) as [Tensor, Tensor, Tensor];
          const again = gradients(add(sum(mul(dw, dw)), sum(mul(dx, ds))), [weight, xs, scale]);
          return [ys, carry.h, carry.count, dw, dx, ds, ...again];
        });
      const inputs = [drawn([3, 2, 3], 2), drawn([3], 3)] as const;
      const got = await model(scan)(...inputs);
      const wanted = await model(unrolled)(...inputs);
      expect(got.length).toBe(9);
      got.forEach((tensor, i) => {
        expectClose(tensor, wanted[i] as HostTensor, 2e-5, `result ${i}`);
      });
    });
  }

  test("walks a given number of steps without xs, and none", async () => {
    const powers = compile((x: Tensor) => {
      const double = (carry: Tensor) => ({ carry: add(carry, carry), y: carry });
      const { carry, ys } = scan(double, x, [], { length: 4 });
      const none = scan(double, x, [], { length: 0 });
      return {
        carry,
        ys,
        still: none.carry,
        empty: none.ys,
        dx: gradients(sum(ys), [x])[0] as Tensor,
      };
    });
    const { carry, ys, still, empty, dx } = await powers(hostTensor([3], []));
    expect([carry.item(), ys.toArray(), still.item(), dx.item()]).toEqual([
      48,
      [3, 6, 12, 24],
      3,
      15,
    ]);
    expect(empty.shape).toEqual([0]);
  });

  test("nests", async () => {
    const table = compile((xs: Tensor, w: Tensor) => {
      const { ys } = scan(
        (outer: Tensor, x: Tensor) => {
          const inner = scan(
            (carry: Tensor, z: Tensor) => {
              const next = add(mul(carry, w), mul(z, outer));
              return { carry: next, y: next };
            },
            outer,
            x,
          );
          return { carry: inner.carry, y: inner.ys };
        },
        full([], 0.5),
        xs,
      );
      return [ys, ...gradients(sum(mul(ys, ys)), [xs, w])];
    });
    const x = drawn([3, 4], 5);
    const w = 0.7;
    const run = (values: ArrayLike<number>, factor: number): { ys: number[]; loss: number } => {
      const ys: number[] = [];
      let outer = 0.5;
      for (let i = 0; i < 3; i++) {
        let carry = outer;
        for (let j = 0; j < 4; j++) {
          carry = carry * factor + (values[4 * i + j] as number) * outer;
          ys.push(carry);
        }
        outer = carry;
      }
      return { ys, loss: ys.reduce((total, y) => total + y * y, 0) };
    };
    const [ys, dx, dw] = (await table(x, w)) as [HostTensor, HostTensor, HostTensor];
    const values = Float64Array.from(x.data as Float32Array);
    expectClose(ys, hostTensor(run(values, w).ys, [3, 4]), 1e-6);
    const slopes = Array.from(values, (_, at) => {
      const moved = (by: number) =>
        run(
          values.map((v, i) => (i === at ? v + by : v)),
          w,
        ).loss;
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
    expectClose(dx, hostTensor(slopes, [3, 4]), 1e-4);
    const slope = (run(values, w + 1e-5).loss - run(values, w - 1e-5).loss) / 2e-5;
    expectClose(dw, hostTensor(slope, []), 1e-4);
  });

  test("prints its body", () => {
    const { graph } = record(
      (h: Tensor, xs: Tensor) =>
        scan((carry: Tensor, x: Tensor) => ({ carry: add(carry, x), y: [] }), h, xs).carry,
      [hostTensor([1, 2]), hostTensor([1, 2, 3, 4], [2, 2])],
    );
    expect(print(graph)).toBe(`%0 = input "0" f32[2]
%1 = input "1" f32[2,2]
%2 = scan %0 %1 {body: (
  %0 = input "carry" f32[2]
  %1 = input "x" f32[2]
  %2 = add %0 %1 f32[2]
  return %2
), carries: 1, xs: 1, reverse: false, length: [2]} f32[2]
return %2`);
  });

  test("runs forward once for value and gradient, and leaves out what nobody uses", () => {
    const { graph } = record(
      (h: Tensor, xs: Tensor, unused: Tensor) => {
        const { ys } = scan(
          ({ a, b }: { a: Tensor; b: Tensor }, [x, z]: readonly [Tensor, Tensor]) => ({
            carry: { a: tanh(mul(a, x)), b: add(b, z) },
            y: { a, b },
          }),
          { a: h, b: h },
          [xs, unused] as const,
        );
        return [sum(ys.a), ...gradients(sum(ys.a), [h])];
      },
      [hostTensor([1, 2]), hostTensor([1, 2, 3, 4], [2, 2]), hostTensor([1, 2, 3, 4], [2, 2])],
    );
    const loops = print(optimize(graph))
      .split("\n")
      .filter((line) => /\), carries/.test(line));
    expect(loops).toEqual([
      "), carries: 1, xs: 1, reverse: false, length: [2]} f32[2] f32[2,2] f32[2,2]",
      "), carries: 1, xs: 3, reverse: true, length: [2]} f32[2]",
    ]);
  });

  test("is exported with free batch and length", async () => {
    const weight = new Variable([3, 3], { name: "weight", initial: drawn([3, 3], 1) });
    const model = (xs: Tensor): Tensor => {
      const [, batch] = xs.shape as [number, number, number];
      const step = (h: Tensor, x: Tensor) => {
        const next = tanh(add(x, reshape(matmul(reshape(h, [batch, 3]), weight), [batch, 1, 3])));
        return { carry: next, y: reshape(next, [batch, 3]) };
      };
      return scan(step, full([batch, 1, 3], 0), reshape(xs, [-1, batch, 1, 3])).ys;
    };
    const { model: bytes } = await exportOnnx(model, {
      inputs: { xs: { shape: ["length", "batch", 3] } },
    });
    const session = await nodeRuntime.load(bytes, { inputs: ["xs"], outputs: ["result"] });
    for (const [length, batch] of [
      [4, 1],
      [1, 6],
      [9, 2],
    ] as const) {
      const xs = drawn([length, batch, 3], length);
      const result = nodeRuntime.allocate(xs);
      await session.run([nodeRuntime.allocate(xs, xs.data)], [result]);
      const got = hostTensor((await result.read()) as Float32Array, xs.shape);
      expectClose(got, await compile(model)(xs), 1e-6);
    }
    await session.release();
  });
});

describe("scan refuses", () => {
  const traced = (build: (xs: Tensor, ys: Tensor) => unknown) => () =>
    record(
      (xs: Tensor, ys: Tensor) => {
        build(xs, ys);
      },
      [hostTensor([1, 2, 3, 4, 5, 6], [3, 2]), hostTensor([1, 2])],
    );

  test("a carry whose type changes", () => {
    expect(
      traced((xs, ys) =>
        scan(
          (h: { state: Tensor }, x: Tensor) => ({ carry: { state: sum(mul(h.state, x)) }, y: x }),
          { state: ys },
          xs,
        ),
      ),
    ).toThrow(
      /^scan: carry state is f32\[2\] and becomes f32\[\]; a step must keep its type\. \(at scan\.test\.ts:\d+\)$/,
    );
  });

  test("another carry than was given", () => {
    const other = (_: Tree<Tensor>, x: Tensor) => ({ carry: { a: x, c: x } as Tree<Tensor>, y: x });
    expect(traced((xs, ys) => scan(other, { a: ys, b: ys }, xs))).toThrow(
      /^scan: the step takes carry \{a, b\} and returns \{a, c\}\. \(at/,
    );
  });

  test("xs of different lengths, and none without a length", () => {
    const keep = (carry: Tensor) => ({ carry, y: carry });
    expect(traced((xs, ys) => scan(keep, ys, [xs, ys]))).toThrow(
      /^scan: xs f32\[3,2\], f32\[2\] do not all have 3 positions\. \(at/,
    );
    expect(traced((_, ys) => scan(keep, ys, []))).toThrow(
      /^scan: without xs that have a first axis, say the length\. \(at/,
    );
  });

  test("to assign a variable in a step, or draw new randomness there", () => {
    const total = new Variable([2], { name: "total" });
    const assigning = (carry: Tensor, x: Tensor) => {
      total.assign(x);
      return { carry, y: x };
    };
    expect(traced((xs, ys) => scan(assigning, ys, xs))).toThrow(
      /^cannot assign variable total inside a scan's step; return the value and assign it outside\. \(at/,
    );
    const stream = new RandomStream(1);
    const drawing = (carry: Tensor, x: Tensor) => {
      stream.next();
      return { carry, y: x };
    };
    expect(traced((xs, ys) => scan(drawing, ys, xs))).toThrow(
      /^cannot assign variable random inside a scan's step; return the value and assign it outside\. \(at/,
    );
  });
});
