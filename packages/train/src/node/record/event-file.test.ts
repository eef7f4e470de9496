import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { afterAll, expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { EventFile } from "./event-file.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-events-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("checksums are those of RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
});

/** Records of a file, each with its checksums tested. */
function* recordsOf(bytes: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    yield data;
    at += 16 + length;
  }
}

type Fields = { [field: number]: unknown[] };

/** A message's fields by number: numbers as they are, messages as bytes. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = {};
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const read = [() => Number(reader.int64()), () => reader.double(), () => reader.bytes()];
    const value = type === 5 ? reader.float() : (read[type] as () => unknown)();
    fields[field] = [...(fields[field] ?? []), value];
  }
  return fields;
}

test("a file holds its version, scalars by tag and step, and where a run went on", async () => {
  const file = new EventFile(folder, () => 1234.5);
  expect(file.path).toBe(join(folder, "events.out.tfevents.1234.500.quire"));
  file.resumed(7);
  await file.flush();
  file.scalars(8, { loss: 0.5, "learning rate": 0.25 });
  await file.flush();
  await file.flush();
  const events = [...recordsOf(readFileSync(file.path))].map(fieldsOf);
  expect(events.map((event) => event[1])).toEqual([[1234.5], [1234.5], [1234.5]]);
  expect(events.map((event) => event[2])).toEqual([undefined, [8], [8]]);
  expect(Buffer.from(events[0]?.[3]?.[0] as Uint8Array).toString()).toBe("brain.Event:2");
  expect(fieldsOf(events[1]?.[7]?.[0] as Uint8Array)).toEqual({ 1: [1] });
  const values = fieldsOf(events[2]?.[5]?.[0] as Uint8Array)[1] as Uint8Array[];
  const scalars = values.map(fieldsOf).map((value) => {
    return [Buffer.from(value[1]?.[0] as Uint8Array).toString(), value[2]?.[0]];
  });
  expect(scalars).toEqual([
    ["loss", 0.5],
    ["learning rate", 0.25],
  ]);
});
