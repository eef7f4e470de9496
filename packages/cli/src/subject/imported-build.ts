import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Build } from "@quire/papers";
import { type ImportedModel, importOnnx } from "@quire/tensor";
import { type OnnxFiles, readOnnxFiles } from "@quire/tensor/node";
import { ImportedClassifier, pictureInput } from "@quire/train";
import { UsageError } from "../errors.ts";

/** The name that the imported file has in a run's folder. */
export const BASE = "base.onnx";

/** What an imported classifier is built from again, beside the file. */
export interface ImportedOptions {
  /** The input that takes the pictures. */
  readonly input: string;
  readonly output?: string;
  readonly features?: string;
  readonly newHead: boolean;
}

interface Target {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** Makes imported classifiers of the model in a file; a batch size that the file fixes is freed. */
export function buildOf(files: OnnxFiles): Build<ImportedOptions, Target, ImportedClassifier> {
  return ({ input, ...options }, { height, width, classes }) => {
    const model = importedFrom(files);
    return new ImportedClassifier(model, {
      ...{ input: pictureInput(model, input), height, width, classes },
      ...options,
    });
  };
}

/** The model in a file, for batches of any size. */
export function importedFrom({ model, externalData }: OnnxFiles): ImportedModel {
  const imported = importOnnx(model, { externalData });
  const fixed = imported.inputs.filter(({ shape }) => typeof shape[0] === "number");
  if (fixed.length === 0) return imported;
  const freed = fixed.map(({ name, shape }) => [name, ["batch", ...shape.slice(1)]] as const);
  return importOnnx(model, { externalData, inputs: Object.fromEntries(freed) });
}

/**
 * Makes the classifier of a run that began with an imported model.
 *
 * @throws UsageError when the file of that model is missing.
 */
export async function importedBuild(folder: string): Promise<Build<object, object>> {
  if (!readdirSync(folder).includes(BASE)) {
    throw new UsageError(`run "${folder}" has no ${BASE}: fine-tune the model again.`);
  }
  return buildOf(await readOnnxFiles(join(folder, BASE))) as unknown as Build<object, object>;
}
