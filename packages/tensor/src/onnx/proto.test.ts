import { expect, test } from "vitest";
import { decodeModel, encodeModel, type ModelProto } from "./proto.ts";

const text = new TextEncoder();

/** ELU(x w, 1.5) of a batch of pairs, as PyTorch 1.13 exports it. */
const foreign = [
  "080712077079746f7263681a06312e31332e303aa4010a200a01780a0177120d2f4d756c5f6f75747075745f",
  "301a042f4d756c22034d756c0a2e0a0d2f4d756c5f6f75747075745f301201791a042f456c752203456c752a",
  "0f0a05616c706861150000c03fa001011209746f7263685f6a69742a11080210014201774a080000003f0000",
  "00c05a180a017812130a110801120d0a07120562617463680a02080262180a017912130a110801120d0a0712",
  "0562617463680a0208024202100d",
].join("");

const foreignModel: ModelProto = {
  irVersion: 7n,
  producerName: "pytorch",
  producerVersion: "1.13.0",
  graph: {
    node: [
      { input: ["x", "w"], output: ["/Mul_output_0"], name: "/Mul", opType: "Mul" },
      {
        input: ["/Mul_output_0"],
        output: ["y"],
        name: "/Elu",
        opType: "Elu",
        attribute: [{ name: "alpha", f: 1.5, type: 1n }],
      },
    ],
    name: "torch_jit",
    initializer: [
      { dims: [2n], dataType: 1n, name: "w", rawData: Uint8Array.of(0, 0, 0, 0x3f, 0, 0, 0, 0xc0) },
    ],
    input: [
      {
        name: "x",
        type: {
          tensorType: { elemType: 1n, shape: { dim: [{ dimParam: "batch" }, { dimValue: 2n }] } },
        },
      },
    ],
    output: [
      {
        name: "y",
        type: {
          tensorType: {
            elemType: 1n,
            shape: { dim: [{ dimParam: "batch" }, { dimValue: 2n }] },
          },
        },
      },
    ],
  },
  opsetImport: [{ version: 13n }],
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));

test("a file that other software wrote is read, and written again byte by byte", () => {
  expect(decodeModel(bytes(foreign))).toEqual(foreignModel);
  expect(hex(encodeModel(foreignModel))).toBe(foreign);
});

const everything: ModelProto = {
  irVersion: 10n,
  producerName: "quire",
  producerVersion: "ε",
  graph: {
    node: [
      {
        input: ["", "x"],
        output: ["y"],
        name: "n",
        opType: "Odd",
        attribute: [
          { name: "i", i: -1n, type: 2n },
          { name: "big", i: -(2n ** 63n), type: 2n },
          { name: "s", s: text.encode("linear"), type: 3n },
          { name: "t", t: { dims: [0n], dataType: 1n, rawData: new Uint8Array() }, type: 4n },
          { name: "g", g: { name: "body", node: [{ opType: "Identity" }] }, type: 5n },
          { name: "floats", floats: [0.5, -0, Number.POSITIVE_INFINITY], type: 6n },
          { name: "ints", ints: [1n, -2n, 2n ** 62n], type: 7n },
          { name: "strings", strings: [text.encode("a"), text.encode("")], type: 8n },
        ],
        domain: "com.microsoft",
      },
    ],
    name: "g",
    initializer: [
      {
        dims: [2n],
        dataType: 1n,
        name: "w",
        externalData: [{ key: "location", value: "weights.bin" }],
        dataLocation: 1n,
      },
      { dims: [2n], dataType: 1n, floatData: [1.5, 2.5], name: "f" },
      { dims: [1n], dataType: 6n, int32Data: [-7n], name: "i" },
      { dims: [1n], dataType: 7n, int64Data: [7n], name: "l" },
      { dims: [1n], dataType: 11n, doubleData: [0.1], name: "d" },
    ],
    valueInfo: [{ name: "v", type: { tensorType: { elemType: 1n, shape: {} } } }],
  },
  opsetImport: [{ domain: "", version: 21n }],
  metadataProps: [{ key: "made by", value: "quire" }],
};

test("every field comes back as it was written", () => {
  expect(decodeModel(encodeModel(everything))).toEqual(everything);
});

test("the same model gives the same bytes", () => {
  expect(hex(encodeModel(everything))).toBe(hex(encodeModel(structuredClone(everything))));
});

test("numbers packed behind one length are read like numbers one by one", () => {
  // Model.graph (7) { initializer (5) { dims (1) packed 2 3; float_data (4) packed 1 2 } }
  const packed = "3a102a0e0a02020322080000803f00000040";
  expect(decodeModel(bytes(packed))).toEqual({
    graph: { initializer: [{ dims: [2n, 3n], floatData: [1, 2] }] },
  });
});

test("fields that the tables do not know are passed over", () => {
  // ir_version (1) 10; model_version (5) 300; doc_string (6) "no"; producer_name (2) "q"
  expect(decodeModel(bytes("080a28ac0232026e6f120171"))).toEqual({
    irVersion: 10n,
    producerName: "q",
  });
});
