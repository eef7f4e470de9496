import { open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExportedModel } from "../onnx/export.ts";

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
