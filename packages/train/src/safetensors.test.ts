import { type HostTensor, hostTensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** Written by the reference implementation, safetensors 0.8.0. */
const reference = Buffer.from(
  "6AEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgdGhlIHJlZmVyZW5jZSBpbXBsZW1lbnRhdGlvbiJ9LCJhLmNv" +
    "dW50Ijp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiYS5lbXB0eSI6eyJkdHlwZSI6" +
    "IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sImIud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hh" +
    "cGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOls4LDI0XX0sImEuaWRzIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsyXSwiZGF0" +
    "YV9vZmZzZXRzIjpbMjQsMzJdfSwiYS5oYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpb" +
    "MzIsMzRdfSwiYy5ieXRlcyI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzQsMzZdfSwiYS5t" +
    "YXNrIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzM2LDM5XX19ICAgICAgIPn/////////" +
    "AACAPwAAAEAAAEBAAAAAvwUAAAD6////AD7/AwEAAQ==",
  "base64",
);
const halves = Buffer.from(
  "OAAAAAAAAAB7IngiOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCw0XX19IMA/AMA=",
  "base64",
);

const tensors = new Map<string, HostTensor>([
  ["b.weight", hostTensor([1, 2, 3, -0.5], [2, 2])],
  ["a.count", hostTensor([-7], [], "int64")],
  ["a.mask", hostTensor([1, 0, 1], [3], "bool")],
  ["a.half", hostTensor([1.5], [1], "float16")],
  ["a.ids", hostTensor([5, -6], [2], "int32")],
  ["a.empty", hostTensor([], [0, 4])],
  ["c.bytes", hostTensor([255, 3], [2], "uint8")],
]);
const metadata = { made: "by the reference implementation" };

test("writes the bytes that the reference implementation writes", () => {
  expect(Buffer.from(writeSafetensors({ tensors, metadata }))).toEqual(reference);
});

test("reads what the reference implementation wrote, aligned in memory or not", () => {
  for (const offset of [0, 1]) {
    const bytes = new Uint8Array(reference.length + offset).subarray(offset);
    bytes.set(reference);
    const read = readSafetensors(bytes);
    expect(read.metadata).toEqual(metadata);
    expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
  }
});

test("bfloat16 becomes float32", () => {
  expect(readSafetensors(halves).tensors.get("x")).toEqual(hostTensor([1.5, -2], [2]));
});

test("names like an object's own stay names", () => {
  const odd = new Map([["__proto__", hostTensor([1])]]);
  const bytes = writeSafetensors({ tensors: odd });
  expect([...readSafetensors(bytes).tensors]).toEqual([["__proto__", hostTensor([1])]]);
  const reserved = new Map([["__metadata__", hostTensor([1])]]);
  expect(() => writeSafetensors({ tensors: reserved })).toThrow(
    'safetensors: no tensor can be called "__metadata__"; rename it.',
  );
});

describe("refuses", () => {
  const file = (header: unknown, data: number): Uint8Array => {
    const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, Buffer.alloc(data)]);
  };
  const float = (begin: number, end: number, shape = [1]): unknown => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });
  const cases: [what: string, bytes: Uint8Array, message: string][] = [
    ["a stump", new Uint8Array(3), "it has 3 bytes, too few for a header"],
    [
      "a header beyond the end",
      reference.subarray(0, 40),
      "its header would take 488 bytes, the file has 40",
    ],
    ["what is no JSON", file("{", 0), "its header is no JSON"],
    ["a list", file([1], 0), "its header is no JSON object"],
    [
      "metadata that are no texts",
      file({ __metadata__: { a: 1 } }, 0),
      "its metadata are not texts",
    ],
    [
      "an entry without a place",
      file({ a: { dtype: "F32" } }, 0),
      'the header\'s entry of "a" is malformed',
    ],
    [
      "negative sizes",
      file({ a: float(0, 4, [-1]) }, 4),
      'the header\'s entry of "a" is malformed',
    ],
    ["a wrong size", file({ a: float(0, 4, [2]) }, 4), '"a" F32 [2] needs 8 bytes, has 4'],
    [
      "overlaps",
      file({ a: float(0, 4), b: float(2, 6) }, 6),
      '"b" at byte 2 overlaps the tensor before it, which ends at 4',
    ],
    [
      "gaps",
      file({ a: float(0, 4), b: float(8, 12) }, 12),
      '"b" at byte 8 leaves a gap before it, which ends at 4',
    ],
    [
      "data without a name",
      file({ a: float(0, 4) }, 8),
      "its tensors take 4 bytes, the file holds 8",
    ],
    ["a cut file", file({ a: float(0, 4) }, 3), "its tensors take 4 bytes, the file holds 3"],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(
      new RegExp(
        `^This is not a whole safetensors file: ${message.replace(/[[\]().]/g, "\\$&")}\\.$`,
      ),
    );
  });

  test("types that tensors cannot have", () => {
    const bytes = file({ a: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }, 8);
    expect(() => readSafetensors(bytes)).toThrow(
      'safetensors: "a" is of type F64; only I64, F32, I32, F16, U8, BOOL, BF16 can be read: convert it first.',
    );
  });
});
