import {
  CompressionType,
  compressionRegistry,
  RecordBatchFileWriter,
  tableFromArrays,
} from "apache-arrow";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseArrow } from "./arrow.ts";

const rows = 1000;

/** A zstd frame of one block: a byte and how often it comes, or else the data as they are. */
function zstdFrame(data: Uint8Array): Uint8Array {
  const repeats = data.every((byte) => byte === data[0]);
  const body = repeats ? data.subarray(0, 1) : data;
  const frame = new Uint8Array(12 + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  frame[4] = 0xa0;
  view.setUint32(5, data.length, true);
  const block = (data.length << 3) | (repeats ? 3 : 1);
  frame.set([block & 255, (block >> 8) & 255, block >> 16], 9);
  frame.set(body, 12);
  return frame;
}

/** The first bytes of an LZ4 frame, as far as the writer looks at them. */
function lz4Frame(): Uint8Array {
  return Uint8Array.of(4, 34, 77, 24, 0x60, 0x40, 0x82, 0, 0, 0, 0);
}

async function compressed(
  compressionType: CompressionType,
  encode: (data: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  compressionRegistry.set(compressionType, { encode });
  const writer = new RecordBatchFileWriter({ compressionType });
  writer.writeAll(tableFromArrays({ price: new Float64Array(rows) }));
  return await writer.toUint8Array();
}

test("a file in zstd is read", async () => {
  const bytes = await compressed(CompressionType.ZSTD, zstdFrame);
  expect(bytes.length).toBeLessThan(rows);
  const table = await parseArrow(bytes, "t.arrow");
  expect(table.columns).toEqual([
    { name: "price", kind: "integer", values: new Float64Array(rows) },
  ]);
});

test("a file in LZ4 is refused with advice", async () => {
  const bytes = await compressed(CompressionType.LZ4_FRAME, lz4Frame);
  await expect(parseArrow(bytes, "t.arrow")).rejects.toThrow(
    new DataError(
      "t.arrow is no whole Arrow file, or is compressed by LZ4: write it again without compression.",
    ),
  );
});
