// N matrices, K rows and columns of each

import {
  constant,
  dims,
  div,
  expand,
  hostTensor,
  matmul,
  mul,
  reshape,
  scan,
  sqrt,
  sub,
  sum,
  type Tensor,
  transpose,
} from "@quire/tensor";

/** A unit matrix; its rows are what a loop over places walks on. `[K, K]` */
export function unitMatrix(size: number): Tensor {
  const values = new Float32Array(size * size);
  for (let i = 0; i < size; i++) values[i * size + i] = 1;
  return constant(hostTensor(values, [size, size], "float32"));
}

/** What stands on the diagonals. `[N, K, K] -> [N, K]` */
export function diagonals(matrices: Tensor): Tensor {
  const { K } = dims(matrices, "N K K");
  return sum(mul(matrices, unitMatrix(K)), { axes: 2 });
}

/**
 * Roots R of the inverses of symmetric positive definite matrices, S⁻¹ = R Rᵀ, upper triangular: Cholesky's
 * elimination, which is applied to a unit matrix at the same time. A product X R Rᵀ Xᵀ is symmetric whatever is
 * rounded, which one with S⁻¹ itself is not. `[N, K, K] -> [N, K, K]`
 */
export function inverseRoot(matrices: Tensor): Tensor {
  const { N, K } = dims(matrices, "N K K");
  const unit = unitMatrix(K);
  const first = expand(reshape(unit, [1, K, K]), [N, K, K]);
  const { ys } = scan(
    (left: { readonly s: Tensor; readonly t: Tensor }, place: Tensor) => {
      const row = matmul(reshape(place, [1, K]), left.s);
      const pivot = matmul(row, reshape(place, [K, 1]));
      const column = matmul(left.t, reshape(place, [K, 1]));
      const multiples = div(row, pivot);
      const carry = {
        s: sub(left.s, mul(transpose(row, [0, 2, 1]), multiples)),
        t: sub(left.t, mul(column, multiples)),
      };
      return { carry, y: reshape(div(column, sqrt(pivot)), [N, K]) };
    },
    { s: matrices, t: first },
    unit,
  );
  return transpose(ys, [1, 2, 0]);
}
