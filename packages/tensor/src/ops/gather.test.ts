import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import { scatterRows } from "./gather.ts";

test("scatterRows loses no addition however many rows meet", async () => {
  const [rows, width, table] = [8192, 256, 1000];
  const ids = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % table);
  const wanted = new Float32Array(table * width);
  for (const id of ids) for (let d = 0; d < width; d++) wanted[id * width + d]! += 1;
  const add = compile((x: Tensor, i: Tensor, u: Tensor) => scatterRows(x, i, u));
  const x = hostTensor(new Float32Array(table * width), [table, width]);
  const updates = hostTensor(new Float32Array(rows * width).fill(1), [rows, width]);
  const t0 = performance.now();
  for (let run = 0; run < 100; run++) {
    const { data } = await add(x, hostTensor(ids), updates);
    expect(data.findIndex((value, i) => value !== wanted[i])).toBe(-1);
  }
  console.log((performance.now() - t0) / 100);
});
