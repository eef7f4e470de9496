import { CompressionType, compressionRegistry, RecordBatchFileWriter, tableFromArrays } from "apache-arrow";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseArrow } from "./arrow.ts";

/** A zstd frame whose one block is stored as it is: magic, a header with the size in four bytes, the block. */
function storedFrame(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(12 + data.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  frame[4] = 0xa0;
  view.setUint32(5, data.length, true);
  const block = (data.length << 3) | 1;
  frame.set([block & 255, (block >> 8) & 255, block >> 16], 9);
  frame.set(data, 12);
  return frame;
}

async function compressed(compressionType: CompressionType): Promise<Uint8Array> {
  compressionRegistry.set(compressionType, { encode: storedFrame });
  const writer = new RecordBatchFileWriter({ compressionType });
  writer.writeAll(tableFromArrays({ price: [1.5, 2, -3] }));
  return await writer.toUint8Array();
}

test("a file in zstd is read", async () => {
  const table = await parseArrow(await compressed(CompressionType.ZSTD), "t.arrow");
  expect(table.columns).toEqual([
    { name: "price", kind: "number", values: Float64Array.of(1.5, 2, -3) },
  ]);
});
