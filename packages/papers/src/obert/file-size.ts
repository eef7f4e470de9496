import { type ExportedModel, exportOnnx, type Quantization } from "@quire/tensor";
import type { System } from "../system.ts";

/** How large a model's file is, in bytes. */
export interface FileSize {
  readonly plain: number;
  /** Packed by gzip, which leaves little of zeros. */
  readonly packed: number;
}

/** How many bytes gzip leaves of some. */
export async function packedSize(bytes: Uint8Array): Promise<number> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const packed = source.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}

/** Writes a system as an ONNX file in memory, its weights stored as asked, and weighs it. */
export async function fileSize(
  { exported }: System,
  quantization?: Quantization,
): Promise<FileSize> {
  const { inputs, outputs, metadata, samples } = exported;
  const made: ExportedModel = await exportOnnx((...given) => exported.run(...given), {
    ...{ inputs, outputs: Object.keys(outputs), metadata },
    ...(samples && { samples }),
    ...(quantization && { quantization }),
  });
  let [plain, packed] = [made.model.length, await packedSize(made.model)];
  for await (const chunk of made.externalData?.chunks() ?? []) {
    plain += chunk.length;
    packed += await packedSize(chunk);
  }
  return { plain, packed };
}
