import { basename } from "node:path";
import type { ImportedModel } from "@quire/tensor";
import type { OnnxFiles } from "@quire/tensor/node";
import { type PictureInput, pictureInput } from "@quire/train";
import { UsageError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { importedFrom } from "../subject/imported-build.ts";
import { readOnnx } from "../subject/read-onnx.ts";

/** A model that is to be fine-tuned. */
export interface OpenedModel {
  /** What the file is called. */
  readonly name: string;
  readonly files: OnnxFiles;
  readonly model: ImportedModel;
  readonly input: PictureInput;
}

/** Names of a model's parts, as the user gives them. */
export interface NamedParts {
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly features: string | undefined;
}

/**
 * Opens an ONNX file whose input takes pictures, and makes sure that it has the parts that the user names.
 *
 * @throws UsageError when there is no such file, it is no ONNX file, or it has no such part; QuireError when its input
 * takes no pictures.
 */
export async function openModel(path: string, named: NamedParts): Promise<OpenedModel> {
  const files = await readOnnx(path);
  const model = importedFrom(files);
  const inputs = model.inputs.map(({ name }) => name);
  requireAmong("--input", named.input, inputs, "inputs");
  requireAmong("--output", named.output, model.outputs, "outputs");
  requireAmong("--features", named.features, model.values, "layers");
  return { name: basename(path), files, model, input: pictureInput(model, named.input) };
}

const MOST_LISTED = 5;

function requireAmong(
  flag: string,
  name: string | undefined,
  names: readonly string[],
  what: string,
): void {
  if (name === undefined || names.includes(name)) return;
  const few = names.slice(-MOST_LISTED).join(", ");
  const listed = names.length > MOST_LISTED ? `the last ${what} are ${few}.` : `there are ${few}.`;
  throw new UsageError(`${flag}: the model has no "${name}"${suggestion(name, names, listed)}`);
}
