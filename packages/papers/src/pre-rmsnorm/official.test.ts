import { readFileSync } from "node:fs";
import { crmsNorm } from "@quire/nn";
import {
  add,
  compile,
  full,
  gradients,
  type HostTensor,
  hostTensor,
  layerNorm,
  matmul,
  mul,
  sum,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { rewriteNorms } from "./rewrite.ts";

type Stored = Record<string, { readonly shape: number[]; readonly values: number[] }>;

const file = new URL("../../references/pre-rmsnorm.json", import.meta.url);
const { layers: stored } = JSON.parse(readFileSync(file, "utf8")) as { readonly layers: Stored };

function read(name: string): HostTensor {
  const { shape, values } = stored[name] as Stored[string];
  return hostTensor(values, shape);
}

function expectClose(got: HostTensor, name: string): void {
  const { shape, values } = stored[name] as Stored[string];
  expect(got.shape).toEqual(shape);
  const scale = Math.max(...values.map(Math.abs));
  const apart = got.toArray().map((value, i) => Math.abs(value - (values[i] as number)) / scale);
  expect(Math.max(...apart)).toBeLessThan(1e-5);
}

test("CRMSNorm gives what the official layer gives", async () => {
  const short = stored["crms"] as Stored[string];
  const written = read("written").toArray();
  const x = hostTensor(
    written.filter((_, i) => i % 8 < 7),
    short.shape,
  );
  expectClose(await compile((rows: Tensor) => crmsNorm(rows, { epsilon: 1e-5 }))(x), "crms");
});

test.each(["pre-rmsnorm", "pre-crmsnorm"] as const)(
  "a linear layer and a norm as %s give what the official recentred layer and norm give, gradients too",
  async (to) => {
    const [weight, bias] = ["weight", "bias"].map((name) => {
      const initial = read(name);
      return new Variable(initial.shape, { name, initial });
    }) as [Variable, Variable];
    const run = compile((x: Tensor, cotangent: Tensor) => {
      const written = add(matmul(x, weight, { transposeB: true }), bias);
      const plain = layerNorm(written, full([8], 1), undefined, { epsilon: 1e-5 });
      const [normed] = rewriteNorms([plain], to).outputs as [Tensor];
      const slopes = gradients(sum(mul(normed, cotangent)), [weight, bias, x]);
      return { normed, slopes: slopes as Tensor[] };
    });
    const { normed, slopes } = await run(read("x"), read("cotangent"));
    expectClose(normed, "layer");
    expectClose(normed, "rms");
    for (const [i, name] of ["dWeight", "dBias", "dX"].entries()) {
      expectClose(slopes[i] as HostTensor, name);
    }
  },
);
