import { join } from "node:path";
import type { System } from "@quire/papers";
import { type ExportedModel, type ExportOptions, exportOnnx } from "@quire/tensor";
import { saveOnnx } from "@quire/tensor/node";
import { saveModel } from "@quire/train/node";
import { writeWhole, writing } from "./files.ts";
import { runFiles } from "./run-folder.ts";

/** Writes a system as an ONNX file, changed and its weights stored as asked. */
export async function exportSystem(
  path: string,
  { exported }: System,
  { transform, quantization }: Pick<ExportOptions, "transform" | "quantization"> = {},
): Promise<void> {
  const { inputs, outputs, metadata, samples } = exported;
  const made: ExportedModel = await exportOnnx((...given) => exported.run(...given), {
    ...{ inputs, outputs: Object.keys(outputs), metadata },
    ...(samples && { samples }),
    ...(quantization && { quantization }),
    ...(transform && { transform }),
  });
  if (made.externalData) await writing(path, () => saveOnnx(path, made));
  else await writeWhole(path, made.model);
}

/** Writes a system's weights as safetensors, and the files that belong to it. */
export async function saveWeights(
  folder: string,
  { model, description, files = {} }: System,
): Promise<void> {
  for (const [name, content] of Object.entries(await files)) {
    await writeWhole(join(folder, name), content);
  }
  const path = join(folder, runFiles.model);
  await writing(path, () => saveModel(path, model, { paper: description.paper }));
}
