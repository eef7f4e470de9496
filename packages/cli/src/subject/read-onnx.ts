import { existsSync } from "node:fs";
import { QuireError } from "@quire/tensor";
import { type OnnxFiles, readOnnxFiles } from "@quire/tensor/node";
import { UsageError } from "../errors.ts";

/**
 * Reads an ONNX file and the files of its weights.
 *
 * @throws UsageError when there is no such file, or it is no ONNX file.
 */
export async function readOnnx(path: string): Promise<OnnxFiles> {
  if (!existsSync(path)) throw new UsageError(`"${path}" does not exist: give an ONNX file.`);
  return await readOnnxFiles(path).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (!(cause instanceof QuireError) && code === undefined) throw cause;
    throw new UsageError(whyNot(path, cause as NodeJS.ErrnoException), { cause });
  });
}

function whyNot(path: string, { code, message, path: lost }: NodeJS.ErrnoException): string {
  if (code === "EISDIR") return `"${path}" is a folder: give an ONNX file.`;
  if (code === "ENOENT") return `"${path}" keeps its weights in "${lost}", which does not exist.`;
  if (message.startsWith("loadOnnx")) return `"${path}": ${message.replace(/^loadOnnx: /, "")}`;
  return `"${path}" is no ONNX file: give a model that was exported as ONNX.`;
}
