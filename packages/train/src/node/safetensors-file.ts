import { type FileHandle, open } from "node:fs/promises";
import type { Module } from "@quire/nn";
import { type HostTensor, QuireError } from "@quire/tensor";
import { type LoadOptions, loadModel, modelTensors } from "../model-state.ts";
import {
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type SafetensorsContent,
  safetensorsChunks,
  tensorOf,
} from "../safetensors.ts";
import { writeFileAtomic } from "./atomic-file.ts";

/** Writes tensors as a safetensors file, whole or not at all. */
export async function saveSafetensors(path: string, content: SafetensorsContent): Promise<void> {
  await writeFileAtomic(path, safetensorsChunks(content));
}

/**
 * Reads a safetensors file, each tensor into memory of its own.
 *
 * @throws QuireError when the file is not there or is no safetensors file.
 */
export async function loadSafetensors(path: string): Promise<Required<SafetensorsContent>> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const first = await readAt(file, 0, Math.min(LENGTH_BYTES, size));
    const length = headerLength(first, size);
    const start = LENGTH_BYTES + length;
    const header = parseHeader(await readAt(file, LENGTH_BYTES, length), size - start);
    const tensors = new Map<string, HostTensor>();
    for (const entry of header.entries) {
      const bytes = await readAt(file, start + entry.begin, entry.end - entry.begin);
      tensors.set(entry.name, tensorOf(entry, bytes));
    }
    return { tensors, metadata: header.metadata };
  } catch (error) {
    if (!(error instanceof QuireError)) throw error;
    throw new QuireError(`${path}: ${error.message}`, { cause: error });
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be opened (${code})`;
    throw new QuireError(`${path}: ${why}; give the path of a safetensors file.`, { cause: error });
  }
}

/** The most bytes that one read asks for. */
const LARGEST_READ = 2 ** 30;

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = Math.min(LARGEST_READ, length - at);
    const { bytesRead } = await file.read(bytes, at, count, position + at);
    if (bytesRead === 0) throw new QuireError("the file became shorter while it was read.");
    at += bytesRead;
  }
  return bytes;
}

/** Writes a model's values by path as a safetensors file. */
export async function saveModel(
  path: string,
  model: Module,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await saveSafetensors(path, { tensors: await modelTensors(model), metadata });
}

/**
 * Gives a model the values of a safetensors file.
 *
 * @throws QuireError when the file cannot be read or does not fit the model.
 */
export async function loadModelFile(
  path: string,
  model: Module,
  options: LoadOptions = {},
): Promise<void> {
  await loadModel(model, (await loadSafetensors(path)).tensors, options);
}
