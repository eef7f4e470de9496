import type { Tensor } from "../../graph/node.ts";
import { sigmoid } from "../../ops/activations.ts";
import { add, mul, sub } from "../../ops/arithmetic.ts";
import { split } from "../../ops/join.ts";
import { matmul } from "../../ops/linalg.ts";
import { scan } from "../../ops/scan.ts";
import { tanh } from "../../ops/trigonometry.ts";
import type { Family } from "../stored-case.ts";

/** Every state stacked, and the last one. */
function states(step: (h: Tensor, x: Tensor) => Tensor, h: Tensor, xs: Tensor): Tensor[] {
  const { carry, ys } = scan(
    (carry: Tensor, x: Tensor) => {
      const next = step(carry, x);
      return { carry: next, y: next };
    },
    h,
    xs,
  );
  return [ys, carry];
}

function times(x: Tensor, weight: Tensor): Tensor {
  return matmul(x, weight, { transposeB: true });
}

/** Recurrences as scans. */
export const recurrences: Family = {
  name: "scan",
  builders: {
    recurrent: ([xs, h, w, u]) =>
      states((h, x) => tanh(add(times(x, w), times(h, u as Tensor))), h, xs),
    decaying: ([xs, h, a]) => states((h, x) => add(mul(a, h), x), h, xs),
    gated: ([xs, h, w, u]) =>
      states(
        (h, x) => {
          const [xr, xz, xn] = split(times(x, w), 3, -1) as [Tensor, Tensor, Tensor];
          const [hr, hz, hn] = split(times(h, u as Tensor), 3, -1) as [Tensor, Tensor, Tensor];
          const update = sigmoid(add(xz, hz));
          const candidate = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
          return add(mul(sub(1, update), candidate), mul(update, h));
        },
        h,
        xs,
      ),
  },
};
