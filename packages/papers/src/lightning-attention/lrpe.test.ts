import { compile, type HostTensor, hostTensor, matmul, Random, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { LinearizedPositions, type LrpeForm } from "./lrpe.ts";

const [heads, length, width] = [2, 7, 4];

/** The same row for every token of a head. */
function repeated(seed: number): { readonly rows: number[][]; readonly tensor: HostTensor } {
  const random = new Random(seed);
  const rows = Array.from({ length: heads }, () =>
    Array.from({ length: width }, () => random.normal()),
  );
  const data = rows.flatMap((row) => Array.from({ length }, () => row).flat());
  return { rows, tensor: hostTensor(data, [1, heads, length, width]) };
}

async function products(form: LrpeForm): Promise<number[]> {
  const positions = new LinearizedPositions(heads, width, form);
  const angles = (positions.theta.shape[2] as number) * heads;
  // Angles that differ enough for few tokens to show it.
  const theta = Array.from({ length: angles }, (_, i) => 0.3 + 0.2 * i);
  await positions.theta.set(hostTensor(theta, positions.theta.shape));
  const run = compile((q: Tensor, k: Tensor) =>
    matmul(positions.forward(q), positions.forward(k), { transposeB: true }),
  );
  return (await run(repeated(1).tensor, repeated(2).tensor)).toArray();
}

describe.each(["product", "rotation"] as const)("relative positions by %s", (form) => {
  test("queries times keys depend on the distance alone", async () => {
    const values = await products(form);
    const at = (head: number, t: number, s: number): number =>
      values[(head * length + t) * length + s] as number;
    for (const head of [0, 1]) {
      for (const distance of [-2, -1, 0, 1, 3]) {
        expect(at(head, 4, 4 - distance)).toBeCloseTo(at(head, 3, 3 - distance), 5);
      }
      expect(at(head, 0, 0)).not.toBeCloseTo(at(head, 3, 0), 2);
    }
  });
});

test("by products they are the sum of qᵢ kᵢ cos θᵢ(t - s)", async () => {
  const values = await products("product");
  const [q, k] = [repeated(1).rows, repeated(2).rows];
  for (const [head, t, s] of [
    [0, 5, 2],
    [1, 6, 0],
    [1, 2, 4],
  ] as const) {
    const wanted = (q[head] as number[]).reduce((sum, value, i) => {
      const theta = 0.3 + 0.2 * (head * width + i);
      return sum + value * (k[head]?.[i] as number) * Math.cos(theta * (t - s));
    }, 0);
    expect(values[(head * length + t) * length + s]).toBeCloseTo(wanted, 5);
  }
});
