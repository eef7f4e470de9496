import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { withPatches } from "../graph/patches.ts";
import { record } from "../graph/record.ts";
import { Variable } from "../graph/variable.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import { sizeOf } from "../shape.ts";
import { add } from "./arithmetic.ts";
import { cachedAttention } from "./cached-attention.ts";
import { replaceRows } from "./replace.ts";

const [batch, heads, groups, room, width] = [2, 4, 2, 6, 8];

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.normal()),
    shape,
    "float32",
  );
}

/** Causal attention with loops: one row's queries to its first keys. */
function byHand(q: number[][], k: number[][], v: number[][], at: number, bias: number): number[] {
  return Array.from({ length: heads }, (_, head) => {
    const group = Math.floor((head * groups) / heads);
    const cut = (row: number[], of: number) => row.slice(of * width, (of + 1) * width);
    const query = cut(q[at] as number[], head);
    const weights = Array.from({ length: at + 1 }, (_, key) => {
      const keys = cut(k[key] as number[], group);
      const product = query.reduce((sum, x, i) => sum + x * (keys[i] as number), 0);
      return Math.exp(product / Math.sqrt(width) + bias * key * (head + 1));
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Array.from({ length: width }, (_, i) =>
      weights.reduce(
        (sum, weight, key) =>
          sum + (weight / total) * (cut(v[key] as number[], group)[i] as number),
        0,
      ),
    );
  }).flat();
}

function rowsOf(x: HostTensor, count: number): number[][] {
  const values = x.toArray();
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

for (const slope of [0, 0.3]) {
  test(`kept keys and values give causal attention, rows of different lengths, bias ${slope}`, async () => {
    const shape = [batch, groups, room, width];
    const [keys, values] = [new Variable(shape), new Variable(shape)];
    const biasFor = (reach: number) =>
      hostTensor(
        Array.from({ length: heads * reach }, (_, i) => {
          return slope * (i % reach) * (Math.floor(i / reach) + 1);
        }),
        [1, heads, 1, reach],
      );
    const attend = (isFirst: boolean) =>
      compile((q: Tensor, k: Tensor, v: Tensor, lengths: Tensor, bias: Tensor) => {
        const kept = { keys, values, lengths };
        const spread = add(bias, new Variable([1, 1, q.shape[1] as number, 1]));
        const options = { heads, isFirst, ...(slope === 0 ? {} : { bias: spread }) };
        const result = cachedAttention([q, k, v], kept, options);
        keys.assign(result.keys);
        values.assign(result.values);
        return result.mixed;
      });
    const lengths = [3, 2];
    const make = (count: number, seed: number) =>
      [heads, groups, groups].map((of, i) => draws([batch, count, of * width], seed + i)) as [
        HostTensor,
        HostTensor,
        HostTensor,
      ];
    const first = make(3, 1);
    const history = first.map((x) => rowsOf(x, batch).map((row) => rowsOf(hostTensor(row), 3)));
    const mixed = rowsOf(
      await attend(true)(...first, hostTensor(lengths, [batch], "int32"), biasFor(3)),
      batch,
    );
    const expectRow = (got: number[], row: number, at: number) => {
      const [q, k, v] = history.map((of) => of[row] as number[][]) as [
        number[][],
        number[][],
        number[][],
      ];
      byHand(q, k, v, at, slope).forEach((value, i) => {
        expect(got[i]).toBeCloseTo(value, 5);
      });
    };
    lengths.forEach((length, row) => {
      for (let at = 0; at < length; at++) {
        expectRow((mixed[row] as number[]).slice(at * heads * width), row, at);
      }
      for (const of of history) of[row]?.splice(length);
    });
    const step = attend(false);
    for (const token of [0, 1, 2]) {
      const next = make(1, 10 + 3 * token);
      next.forEach((x, i) => {
        rowsOf(x, batch).forEach((values, row) => {
          history[i]?.[row]?.push(values);
        });
      });
      const counts = lengths.map((length) => length + token + 1);
      const got = await step(...next, hostTensor(counts, [batch], "int32"), biasFor(room));
      rowsOf(got, batch).forEach((values, row) => {
        expectRow(values, row, (counts[row] as number) - 1);
      });
    }
  });
}

test("a row replaced in a variable is written in its place, and nothing else changes", async () => {
  const kept = new Variable([2, 2, 3, 2], { initial: draws([2, 2, 3, 2], 1) });
  const before = (await kept.get()).toArray();
  const write = compile((at: Tensor, rows: Tensor) => {
    kept.assign(replaceRows(kept, at, rows));
  });
  await write(hostTensor([2, 0], [2], "int32"), hostTensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]));
  const wanted = [...before];
  [4, 5, 10, 11, 12, 13, 18, 19].forEach((place, i) => {
    wanted[place] = i + 1;
  });
  expect((await kept.get()).toArray()).toEqual(wanted);
});

test("a variable is patched only where its own value is what is written over", () => {
  const kept = new Variable([1, 1, 3, 2], { name: "kept" });
  const types = [
    { shape: [1], dtype: "int32" },
    { shape: [1, 1, 2], dtype: "float32" },
  ] as const;
  const own = withPatches(
    record((at: Tensor, rows: Tensor) => {
      const old = kept.tensor;
      kept.assign(replaceRows(kept, at, rows));
      return add(old, 1);
    }, types),
  );
  expect(own.patches.map(({ variable }) => variable)).toEqual([kept]);
  expect(own.recording.writes).toEqual([]);
  expect(own.recording.graph.outputs.map(({ shape }) => shape)).toEqual([
    [1, 1, 3, 2],
    [1, 1, 3],
    [1, 1, 2],
  ]);
  const other = withPatches(
    record((at: Tensor, rows: Tensor) => {
      kept.assign(replaceRows(add(kept, 1), at, rows));
    }, types),
  );
  expect(other.patches).toEqual([]);
  expect(other.recording.writes).toEqual([kept]);
});

test("operands that do not fit are refused", () => {
  const type = (shape: readonly number[]) => ({ shape, dtype: "float32" }) as const;
  const call = (isFirst: boolean) =>
    record(
      (q: Tensor, k: Tensor, keys: Tensor, lengths: Tensor) =>
        cachedAttention([q, k, k], { keys, values: keys, lengths }, { heads: 2, isFirst }).mixed,
      [type([1, 2, 16]), type([1, 2, 8]), type([1, 1, 4, 8]), { shape: [1], dtype: "int32" }],
    );
  expect(call(true).graph.outputs[0]?.shape).toEqual([1, 2, 16]);
  expect(() => call(false)).toThrow(
    /^cachedAttention: needs q \[B, T, H K\], k and v \[B, T, G K\], keys and values \[B, G, L, K\], lengths \[B\], K a multiple of 8, T at most L, and 1 after the first tokens; got .*\(at cached-attention\.test\.ts:\d+\)$/,
  );
});
