import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import { mul } from "./arithmetic.ts";
import { sum } from "./reduce.ts";
import { type RotaryLayout, rotate } from "./rotary.ts";

const [batch, length, heads, width] = [2, 3, 2, 4];
const random = new Random(1);
const x = hostTensor(
  Array.from({ length: batch * length * heads * width }, () => random.normal()),
  [batch, length, heads * width],
);

/** Every plane turned by its token's angle, with loops. */
function byHand(values: number[], angles: number[], shared: boolean, layout: RotaryLayout) {
  return values.map((value, i) => {
    const [place, token] = [i % width, Math.floor(i / (heads * width)) % length];
    const example = shared ? 0 : Math.floor(i / (length * heads * width));
    const half = width / 2;
    const plane = layout === "halves" ? place % half : Math.floor(place / 2);
    const isFirst = layout === "halves" ? place < half : place % 2 === 0;
    const apart = layout === "halves" ? half : 1;
    const angle = angles[(example * length + token) * half + plane] as number;
    const other = values[isFirst ? i + apart : i - apart] as number;
    return value * Math.cos(angle) + (isFirst ? -other : other) * Math.sin(angle);
  });
}

const layouts = ["halves", "pairs"] as const;

for (const layout of layouts) {
  for (const shared of [true, false]) {
    test(`planes of ${layout} are turned, ${shared ? "examples alike" : "each example by its own angles"}`, async () => {
      const rows = shared ? 1 : batch;
      const angles = Array.from({ length: (rows * length * width) / 2 }, (_, i) => 0.3 * i + 0.1);
      const shape = [rows, length, width / 2];
      const waves = [Math.cos, Math.sin].map((wave) => hostTensor(angles.map(wave), shape));
      const run = compile((x: Tensor, cosines: Tensor, sines: Tensor) => {
        const y = rotate(x, cosines, sines, layout);
        return { y, slope: gradients(sum(mul(y, mul(x, x))), [x])[0] as Tensor };
      });
      const { y, slope } = await run(x, ...(waves as [typeof x, typeof x]));
      byHand(x.toArray(), angles, shared, layout).forEach((value, i) => {
        expect(y.toArray()[i]).toBeCloseTo(value, 5);
      });
      // d/dx Σ R(x) x² = Rᵀ(x²) + 2 x R(x)
      const back = byHand(
        x.toArray().map((value) => value ** 2),
        angles.map((angle) => -angle),
        shared,
        layout,
      );
      back.forEach((value, i) => {
        const wanted = value + 2 * (x.toArray()[i] as number) * (y.toArray()[i] as number);
        expect(slope.toArray()[i]).toBeCloseTo(wanted, 4);
      });
    });
  }
}

test("angles that do not fit are refused", () => {
  const run = compile((x: Tensor) => rotate(x, x, x));
  return expect(run(x)).rejects.toThrow(
    /^rotate: needs x \[B, T, H K\], cosines and sines \[1 or B, T, K\/2\], got a f32\[2,3,8\], b f32\[2,3,8\], c f32\[2,3,8\]\. \(at rotary\.test\.ts:\d+\)$/,
  );
});
