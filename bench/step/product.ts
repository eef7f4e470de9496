/**
 * The limit: ONNX Runtime's own float32 product of two 1024 x 1024 matrices. It speaks the peers'
 * protocol, so that it is measured in the same rounds as the steps.
 */
import type { Trainer } from "./peer.ts";
import { serve } from "./peer.ts";
import { InferenceSession, Tensor } from "./runtime.ts";

/** Rows, columns and depth of the product. */
const size = 1024;

/** A protobuf field: its number, and an integer, a text, or an encoded message. */
type Field = readonly [number: number, value: number | string | Uint8Array];

/** Encodes fields by the protobuf wire format. */
function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([number << 3, ...varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
    }),
  );
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** The ONNX file of y = a b; field numbers are those of onnx.proto. */
function productModel(): Uint8Array {
  const dimension = message([[1, size]]);
  const shape = message([
    [1, dimension],
    [1, dimension],
  ]);
  const type = message([
    [
      1,
      message([
        [1, 1],
        [2, shape],
      ]),
    ],
  ]);
  const value = (name: string) =>
    message([
      [1, name],
      [2, type],
    ]);
  const node = message([
    [1, "a"],
    [1, "b"],
    [2, "y"],
    [4, "MatMul"],
  ]);
  const graph = message([
    [1, node],
    [2, "product"],
    [11, value("a")],
    [11, value("b")],
    [12, value("y")],
  ]);
  return message([
    [1, 10],
    [7, graph],
    [8, message([[2, 21]])],
  ]);
}

async function start(): Promise<Trainer> {
  const session = await InferenceSession.create(productModel());
  const matrix = () => new Float32Array(size * size).map((_, at) => Math.sin(at));
  const tensor = () => new Tensor("float32", matrix(), [size, size]);
  const [a, b, y] = [tensor(), tensor(), tensor()];
  const step = async () => {
    await session.run({ a, b }, { y });
    return (y.data as Float32Array)[0]!;
  };
  return { step };
}

await serve("ONNX Runtime, product of 1024 x 1024 matrices", start);
