import { Transformer } from "@quire/nn";
import { compile, gradients, hostTensor, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { crossEntropy } from "./loss/cross-entropy.ts";
import { type AdamOptions, adam, adamW } from "./optimizer/adam.ts";
import { globalNorm } from "./optimizer/clip.ts";
import { sgd } from "./optimizer/sgd.ts";
import { expectNear, stored } from "./testing/stored.ts";

interface Run {
  readonly attributes: AdamOptions;
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly sumsOfLastWeights: Readonly<Record<string, number>>;
}

const references = stored<{
  readonly config: Record<"vocabulary" | "width" | "depth" | "heads" | "length" | "batch", number>;
  readonly weights: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
  >;
  readonly batches: readonly Record<"ids" | "labels", readonly number[]>[];
  readonly runs: Readonly<Record<string, Run>>;
}>("gpt");

const { config } = references;
const optimizers = { adam, adamW, adamClipped: adam, sgdClipped: sgd };

async function storedModel(): Promise<Transformer> {
  const model = new Transformer(config);
  const names = model.namedParameters().map(([path]) => path);
  expect(names).toEqual(Object.keys(references.weights));
  for (const [path, variable] of model.namedParameters()) {
    const { shape, data } = references.weights[path] as { shape: number[]; data: number[] };
    await variable.set(hostTensor(data, shape));
  }
  return model;
}

for (const [name, make] of Object.entries(optimizers)) {
  const run = references.runs[name] as Run;
  test(`a small GPT trains as PyTorch trains it: ${name}`, async () => {
    const model = await storedModel();
    const optimizer = make(model.parameters(), run.attributes);
    const step = compile((ids: Tensor, labels: Tensor) => {
      const loss = crossEntropy(model.forward(ids), labels);
      const slopes = gradients(loss, model.parameters());
      optimizer.update(slopes);
      return { loss, norm: globalNorm(slopes) };
    });
    const losses: number[] = [];
    const norms: number[] = [];
    for (const { ids, labels } of references.batches) {
      const shape = [config.batch, config.length];
      const result = await step(
        hostTensor(ids, shape, "int32"),
        hostTensor(labels, shape, "int32"),
      );
      losses.push(result.loss.item());
      norms.push(result.norm.item());
    }
    expectNear(losses, run.losses, 1e-4, "losses");
    expectNear(norms, run.gradientNorms, 1e-4, "norms of the gradients");
    const last = new Map(model.namedParameters());
    for (const [path, wanted] of Object.entries(run.sumsOfLastWeights)) {
      const values = (await last.get(path)?.get())?.toArray() ?? [];
      const sum = values.reduce((total, value) => total + value, 0);
      expectNear([sum], [wanted], 2e-4, `sum of ${path}`);
    }
    await step.release();
  });
}
