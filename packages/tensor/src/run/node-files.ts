import { open, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { QuireError } from "../errors.ts";
import type { ExportedModel } from "../onnx/export.ts";
import {
  type ImportedModel,
  type ImportOptions,
  importOnnx,
  modelIn,
} from "../onnx/import/import-model.ts";
import { locationsOf } from "../onnx/import/weights.ts";
import { parseGraphModel } from "../tfjs/graph-model.ts";
import { importTfjs } from "../tfjs/import-tfjs.ts";

/**
 * Writes an exported model to a path, and the file of its weights, if it has one, beside it.
 *
 * @throws Error when a file cannot be written.
 */
export async function saveOnnx(path: string, exported: ExportedModel): Promise<void> {
  if (exported.externalData) {
    const { location, chunks } = exported.externalData;
    const file = await open(join(dirname(path), location), "w");
    try {
      for await (const chunk of chunks()) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  }
  await writeFile(path, exported.model);
}

/** The bytes of a model's file, and of the files beside it that hold its weights. */
export interface OnnxFiles {
  readonly model: Uint8Array;
  readonly externalData: Readonly<Record<string, Uint8Array>>;
}

/**
 * Reads the file of a model from a path, and those of its weights that stand beside it.
 *
 * @throws QuireError when the file is no model, or names a file outside of its folder.
 * @throws Error when a file cannot be read.
 */
export async function readOnnxFiles(path: string): Promise<OnnxFiles> {
  const model = await readFile(path);
  const externalData: Record<string, Uint8Array> = {};
  for (const location of locationsOf(modelIn(model).model)) {
    if (basename(location) !== location) {
      throw new QuireError(`loadOnnx: "${location}" does not stand in the model's folder.`);
    }
    externalData[location] = await readFile(join(dirname(path), location));
  }
  return { model, externalData };
}

/**
 * Reads a model from a path, with the files of its weights that stand beside it.
 *
 * @throws QuireError when the model names a file outside of its folder, and whatever `importOnnx` throws.
 * @throws Error when a file cannot be read.
 */
export async function loadOnnx(
  path: string,
  options: Omit<ImportOptions, "externalData"> = {},
): Promise<ImportedModel> {
  const { model, externalData } = await readOnnxFiles(path);
  return importOnnx(model, { ...options, externalData });
}

/**
 * Reads a graph model of TensorFlow.js from the path of its `model.json`, with the weights that stand beside it.
 *
 * @throws QuireError when the model names a file outside of its folder, and whatever `importTfjs` throws.
 * @throws Error when a file cannot be read.
 */
export async function loadTfjs(path: string): Promise<ImportedModel> {
  const text = await readFile(path, "utf8");
  const parts: Uint8Array[] = [];
  for (const location of parseGraphModel(text).weightsManifest.flatMap(({ paths }) => paths)) {
    if (basename(location) !== location) {
      throw new QuireError(`loadTfjs: "${location}" does not stand in the model's folder.`);
    }
    parts.push(await readFile(join(dirname(path), location)));
  }
  return importTfjs(text, Buffer.concat(parts));
}
