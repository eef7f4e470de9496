import { join } from "node:path";
import type { ImageClassifier } from "@quire/papers";
import { type ExportedModel, exportOnnx, type Quantization } from "@quire/tensor";
import { saveOnnx } from "@quire/tensor/node";
import { saveModel } from "@quire/train/node";
import { writeWhole, writing } from "./files.ts";
import { runFiles } from "./run-folder.ts";

/** How an exported image classifier is fed and what it gives. */
export interface Signature {
  readonly input: { readonly name: string; readonly shape: readonly (string | number)[] };
  readonly outputs: readonly string[];
}

/** The names and shapes that an image classifier is exported with. */
export function signatureOf({ description }: ImageClassifier): Signature {
  const { channels, height, width } = description.target;
  return {
    input: { name: "images", shape: ["batch", channels, height, width] },
    outputs: ["logits", "probabilities"],
  };
}

/** Writes a classifier as an ONNX file with a free batch size, its weights stored as asked. */
export async function exportClassifier(
  path: string,
  classifier: ImageClassifier,
  quantization?: Quantization,
): Promise<void> {
  const { input, outputs } = signatureOf(classifier);
  const { description } = classifier;
  const exported: ExportedModel = await exportOnnx((images) => classifier.classify(images), {
    inputs: { [input.name]: { shape: input.shape } },
    outputs,
    ...(quantization && { quantization }),
    metadata: {
      paper: description.paper,
      task: description.task,
      classes: JSON.stringify(description.classes),
      input: "pixels / 255, channels first; the model normalises them",
    },
  });
  if (exported.externalData) await writing(path, () => saveOnnx(path, exported));
  else await writeWhole(path, exported.model);
}

/** Writes a classifier's weights as safetensors. */
export async function saveWeights(
  folder: string,
  { model, description }: ImageClassifier,
): Promise<void> {
  const path = join(folder, runFiles.model);
  await writing(path, () => saveModel(path, model, { paper: description.paper }));
}
