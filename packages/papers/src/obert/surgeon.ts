// C blocks, B weights of a block, G groups of a block, Q weights of a group

import {
  constant,
  dims,
  div,
  gather,
  hostTensor,
  matmul,
  mul,
  reshape,
  scan,
  sub,
  sum,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { diagonals, inverseRoot, unitMatrix } from "./inverse-root.ts";

/** The roots of the inverses of those small blocks [F⁻¹]_QQ that groups have on the diagonal. `-> [C G, Q, Q]` */
function groupRoots(inverse: Tensor, size: number): Tensor {
  const { C, B } = dims(inverse, "C B B");
  const groups = B / size;
  const places = Array.from({ length: groups * size * size }, (_, i) => {
    const [group, row, column] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    return (group * size + row) * B + group * size + column;
  });
  const found = gather(
    reshape(inverse, [C, B * B]),
    constant(hostTensor(places, [places.length], "int32")),
    1,
  );
  return inverseRoot(reshape(found, [C * groups, size, size]));
}

/// Eq. 7: ρ_Q = ½ w_Qᵀ ([F⁻¹]_QQ)⁻¹ w_Q is how much the loss rises when the group Q is pruned and the others move to
/// where it rises least; of a single weight that is w² / (2 [F⁻¹]_qq).
/** Scores of groups of weights that follow each other. `[C, B], [C, B, B] -> [C, G]` */
export function saliency(weights: Tensor, inverse: Tensor, size: number): Tensor {
  const { C, B } = dims(weights, "C B");
  if (size === 1) return mul(div(mul(weights, weights), diagonals(inverse)), 0.5);
  const own = reshape(weights, [(C * B) / size, size, 1]);
  const turned = matmul(groupRoots(inverse, size), own, { transposeA: true });
  return reshape(mul(sum(mul(turned, turned), { axes: [1, 2] }), 0.5), [C, B / size]);
}

/// Eq. 8, as published: δw = -F⁻¹E_Q ([F⁻¹]_QQ)⁻¹ w_Q of each pruned group, and all of them added.
/** What the weights become when groups are pruned as if each were the only one. `[C, B], [C, B, B], [C, G] -> [C, B]` */
export function movedApart(weights: Tensor, inverse: Tensor, pruned: Tensor): Tensor {
  const { C, B } = dims(weights, "C B");
  const size = B / (pruned.shape[1] as number);
  const roots = groupRoots(inverse, size);
  const own = reshape(weights, [(C * B) / size, size, 1]);
  const pulls = matmul(roots, matmul(roots, own, { transposeA: true }));
  const taken = mul(reshape(pulls, [C, B / size, size]), reshape(pruned, [C, B / size, 1]));
  return sub(weights, reshape(matmul(inverse, reshape(taken, [C, B, 1])), [C, B]));
}

/// The same with Q all weights that are pruned of a block: one after the other, each from the inverse Fisher matrix of
/// those that are left, which is F⁻¹ after a step of elimination (Hassibi and Stork 1992, section 3).
/** What the weights become when all that is pruned of a block is pruned together. `[C, B], [C, B, B], [C, B] -> [C, B]` */
export function movedTogether(weights: Tensor, inverse: Tensor, pruned: Tensor): Tensor {
  const { C, B } = dims(weights, "C B");
  const { carry } = scan(
    (left: { readonly w: Tensor; readonly f: Tensor }, at: { place: Tensor; gone: Tensor }) => {
      const column = matmul(left.f, reshape(at.place, [B, 1]));
      const pivot = matmul(reshape(at.place, [1, B]), column);
      const share = mul(div(column, pivot), reshape(at.gone, [C, 1, 1]));
      const value = matmul(reshape(at.place, [1, B]), left.w);
      const w = sub(left.w, mul(share, value));
      const f = sub(left.f, matmul(share, column, { transposeB: true }));
      return { carry: { w, f }, y: [] };
    },
    { w: reshape(weights, [C, B, 1]), f: inverse },
    { place: unitMatrix(B), gone: transpose(pruned) },
  );
  return reshape(carry.w, [C, B]);
}
