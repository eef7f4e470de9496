// B windows, T tokens

import { initialize } from "@quire/nn";
import { cast, div, maximum, mul, sum, type Tensor } from "@quire/tensor";
import { crossEntropy, type Traced } from "@quire/train";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import type { LanguageTrainingOptions } from "./language-training.ts";
import type { MaskedLanguageSystem } from "./masked-language-model.ts";
import { type MaskedBatch, maskedBatches, maskedWindowCount } from "./masked-windows.ts";

/** What evaluations of models that fill gaps measure. */
export const maskedMetrics = [
  { name: "validationLoss", as: "number", better: "lower" },
  { name: "perplexity", as: "number", better: "lower" },
  { name: "gapAccuracy", as: "share", better: "higher" },
] as const;

/** What they measure too where windows are two stretches of text, whose order is told. */
const orderMetric = { name: "orderAccuracy", as: "share", better: "higher" } as const;

/** Plans the training of a model that fills gaps from the beginning (Devlin et al. 2019, section 3.1). */
export function planMaskedTraining(
  system: MaskedLanguageSystem,
  { data, recipe, extras = {}, seed }: LanguageTrainingOptions,
): TrainingPlan<MaskedBatch> {
  const { model } = system;
  const windows = { ...system.windows, seed };
  const cut = evenBatches(maskedWindowCount(data.train, windows), recipe.batchSize);
  initialize(model, seed);
  return planTraining<MaskedBatch>({
    ...{ model, recipe, extras, seed },
    loss: (batch, mode) =>
      model.loss?.(batch, mode) ?? gapLoss(model.forward(batch.ids, batch.sentences, mode), batch),
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) =>
        maskedBatches(data.train, { ...windows, batchSize: cut.size, epoch, start }),
    },
    evaluation: {
      metrics: model.readsPairs ? [...maskedMetrics, orderMetric] : maskedMetrics,
      evaluate: async () => {
        const found = await system.evaluate(data.validation);
        const { loss, perplexity, gapAccuracy, orderAccuracy } = found;
        return {
          ...{ validationLoss: loss, perplexity, gapAccuracy },
          ...(orderAccuracy !== undefined && { orderAccuracy }),
        };
      },
    },
  });
}

/** The mean cross-entropy of what stood in the gaps. `[B, T, V] -> []` */
function gapLoss(logits: Tensor, { labels, gaps }: Traced<MaskedBatch>): Tensor {
  const counts = cast(gaps, "float32");
  const losses = crossEntropy(logits, labels, { reduction: "none" });
  return div(sum(mul(losses, counts)), maximum(sum(counts), 1));
}
