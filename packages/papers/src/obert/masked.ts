import { mul } from "@quire/tensor";
import type { Optimizer } from "@quire/train";
import type { PrunableWeights } from "./prunable-weights.ts";

/** An optimiser that leaves pruned weights at 0: its steps are followed by a product with the masks. */
export function masked(optimizer: Optimizer, { weights }: PrunableWeights): Optimizer {
  const hold = (): void => {
    for (const { variable, mask } of weights) {
      variable.assign(mul(variable.tensor, mask.tensor));
    }
  };
  return {
    parameters: optimizer.parameters,
    variables: [...optimizer.variables, ...weights.map(({ mask }) => mask)],
    minimize: (loss) => {
      optimizer.minimize(loss);
      hold();
    },
    update: (slopes) => {
      optimizer.update(slopes);
      hold();
    },
  };
}
