import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A tensor's values as a file holds them. */
export interface TensorProto {
  dims?: bigint[];
  dataType?: bigint;
  floatData?: number[];
  int32Data?: bigint[];
  stringData?: Uint8Array[];
  int64Data?: bigint[];
  doubleData?: number[];
  uint64Data?: bigint[];
  name?: string;
  rawData?: Uint8Array;
  externalData?: EntryProto[];
  dataLocation?: bigint;
}

/** A key and a value. */
export interface EntryProto {
  key?: string;
  value?: string;
}

/** A node's attribute; `type` says which field holds the value. */
export interface AttributeProto {
  name?: string;
  type?: bigint;
  f?: number;
  i?: bigint;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: bigint[];
  strings?: Uint8Array[];
  /** In a function's node: the name of the function's attribute whose value this one takes. */
  refAttrName?: string;
}

/** An operation and the names of the values it takes and gives. */
export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: AttributeProto[];
}

/** A size: a number, or the name of one that is free. */
export interface DimensionProto {
  dimValue?: bigint;
  dimParam?: string;
}

/** Sizes of a tensor's axes. */
export interface TensorShapeProto {
  dim?: DimensionProto[];
}

/** Element type and shape. */
export interface TensorTypeProto {
  elemType?: bigint;
  shape?: TensorShapeProto;
}

/** The type of what a sequence or an optional value holds. */
export interface ElementTypeProto {
  elemType?: TypeProto;
}

/** A value's type. */
export interface TypeProto {
  tensorType?: TensorTypeProto;
  sequenceType?: ElementTypeProto;
  optionalType?: ElementTypeProto;
}

/** A named value with its type. */
export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}

/** Nodes in an order in which they can run, with the constants they use. */
export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}

/** A set of operations and its version. */
export interface OperatorSetProto {
  domain?: string;
  version?: bigint;
}

/** An operation that a file defines by others. */
export interface FunctionProto {
  name?: string;
  input?: string[];
  output?: string[];
  node?: NodeProto[];
  opsetImport?: OperatorSetProto[];
  domain?: string;
  attributeProto?: AttributeProto[];
}

/** An ONNX file. */
export interface ModelProto {
  irVersion?: bigint;
  producerName?: string;
  producerVersion?: string;
  opsetImport?: OperatorSetProto[];
  graph?: GraphProto;
  metadataProps?: EntryProto[];
  functions?: FunctionProto[];
}

interface Messages {
  Tensor: TensorProto;
  Entry: EntryProto;
  Attribute: AttributeProto;
  Node: NodeProto;
  Dimension: DimensionProto;
  TensorShape: TensorShapeProto;
  TensorType: TensorTypeProto;
  ElementType: ElementTypeProto;
  Type: TypeProto;
  ValueInfo: ValueInfoProto;
  Graph: GraphProto;
  OperatorSet: OperatorSetProto;
  Function: FunctionProto;
  Model: ModelProto;
}

type MessageName = keyof Messages;
type Kind = "int64" | "float" | "double" | "string" | "bytes" | MessageName;
type Field = readonly [number: number, kind: Kind, repeated?: "repeated"];

/** The fields of each message with the numbers that onnx.proto gives them. */
const tables: {
  readonly [M in MessageName]: { readonly [F in keyof Required<Messages[M]>]: Field };
} = {
  Tensor: {
    dims: [1, "int64", "repeated"],
    dataType: [2, "int64"],
    floatData: [4, "float", "repeated"],
    int32Data: [5, "int64", "repeated"],
    stringData: [6, "bytes", "repeated"],
    int64Data: [7, "int64", "repeated"],
    doubleData: [10, "double", "repeated"],
    uint64Data: [11, "int64", "repeated"],
    name: [8, "string"],
    rawData: [9, "bytes"],
    externalData: [13, "Entry", "repeated"],
    dataLocation: [14, "int64"],
  },
  Entry: { key: [1, "string"], value: [2, "string"] },
  Attribute: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    s: [4, "bytes"],
    t: [5, "Tensor"],
    g: [6, "Graph"],
    floats: [7, "float", "repeated"],
    ints: [8, "int64", "repeated"],
    strings: [9, "bytes", "repeated"],
    type: [20, "int64"],
    refAttrName: [21, "string"],
  },
  Node: {
    input: [1, "string", "repeated"],
    output: [2, "string", "repeated"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "Attribute", "repeated"],
    domain: [7, "string"],
  },
  Dimension: { dimValue: [1, "int64"], dimParam: [2, "string"] },
  TensorShape: { dim: [1, "Dimension", "repeated"] },
  TensorType: { elemType: [1, "int64"], shape: [2, "TensorShape"] },
  ElementType: { elemType: [1, "Type"] },
  Type: {
    tensorType: [1, "TensorType"],
    sequenceType: [4, "ElementType"],
    optionalType: [9, "ElementType"],
  },
  ValueInfo: { name: [1, "string"], type: [2, "Type"] },
  Graph: {
    node: [1, "Node", "repeated"],
    name: [2, "string"],
    initializer: [5, "Tensor", "repeated"],
    input: [11, "ValueInfo", "repeated"],
    output: [12, "ValueInfo", "repeated"],
    valueInfo: [13, "ValueInfo", "repeated"],
  },
  OperatorSet: { domain: [1, "string"], version: [2, "int64"] },
  Function: {
    name: [1, "string"],
    input: [4, "string", "repeated"],
    output: [5, "string", "repeated"],
    node: [7, "Node", "repeated"],
    opsetImport: [9, "OperatorSet", "repeated"],
    domain: [10, "string"],
    attributeProto: [11, "Attribute", "repeated"],
  },
  Model: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    graph: [7, "Graph"],
    opsetImport: [8, "OperatorSet", "repeated"],
    metadataProps: [14, "Entry", "repeated"],
    functions: [25, "Function", "repeated"],
  },
};

type Loose = Record<string, unknown>;

function fieldsOf(name: MessageName): [string, Field][] {
  return Object.entries(tables[name]) as [string, Field][];
}

const wireTypes: Readonly<Record<string, WireType>> = {
  int64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
};

function writeValue(writer: BinaryWriter, kind: Kind, value: unknown): void {
  if (kind === "int64") writer.int64(value as bigint);
  else if (kind === "float") writer.float(value as number);
  else if (kind === "double") writer.double(value as number);
  else if (kind === "string") writer.string(value as string);
  else if (kind === "bytes") writer.bytes(value as Uint8Array);
  else {
    writer.fork();
    writeMessage(writer, kind, value as Loose);
    writer.join();
  }
}

function writeMessage(writer: BinaryWriter, name: MessageName, message: Loose): void {
  for (const [key, field] of fieldsOf(name)) {
    if (message[key] !== undefined) writeField(writer, field, message[key]);
  }
}

function writeField(writer: BinaryWriter, [number, kind, repeated]: Field, value: unknown): void {
  const type = wireTypes[kind] ?? WireType.LengthDelimited;
  for (const item of repeated ? (value as unknown[]) : [value]) {
    writeValue(writer.tag(number, type), kind, item);
  }
}

/** A message in pieces: weights stand in them as they are, so that only the whole file is a copy of them. */
function piecesOf(name: MessageName, message: Loose): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const writer = new BinaryWriter();
  for (const [key, field] of fieldsOf(name)) {
    const [number, kind, repeated] = field;
    const value = message[key];
    if (value === undefined) continue;
    if (kind !== "Graph" && kind !== "Tensor" && kind !== "bytes") {
      writeField(writer, field, value);
      continue;
    }
    for (const item of repeated ? (value as unknown[]) : [value]) {
      const inner = kind === "bytes" ? [item as Uint8Array] : piecesOf(kind, item as Loose);
      writer.tag(number, WireType.LengthDelimited).uint32(lengthOf(inner));
      pieces.push(writer.finish(), ...inner);
    }
  }
  return [...pieces, writer.finish()];
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, piece) => total + piece.length, 0);
}

/** The bytes of an ONNX file. The same model gives the same bytes. */
export function encodeModel(model: ModelProto): Uint8Array {
  const pieces = piecesOf("Model", model as Loose);
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function readValue(reader: BinaryReader, kind: Kind): unknown {
  if (kind === "int64") return BigInt(reader.int64());
  if (kind === "float") return reader.float();
  if (kind === "double") return reader.double();
  if (kind === "string") return reader.string();
  if (kind === "bytes") return reader.bytes();
  return readMessage(reader, kind, reader.uint32());
}

function readMessage(reader: BinaryReader, name: MessageName, length: number): Loose {
  const byNumber = new Map(fieldsOf(name).map(([key, field]) => [field[0], [key, field] as const]));
  const message: Loose = {};
  const end = reader.pos + length;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const known = byNumber.get(number);
    if (!known) reader.skip(wire, number);
    else readField(reader, message, wire, known);
  }
  return message;
}

function readField(
  reader: BinaryReader,
  message: Loose,
  wire: WireType,
  [key, [, kind, repeated]]: readonly [string, Field],
): void {
  if (!repeated) {
    message[key] = readValue(reader, kind);
    return;
  }
  const list = (message[key] ?? []) as unknown[];
  message[key] = list;
  // Numbers that repeat may come packed behind one length.
  if (wire === WireType.LengthDelimited && kind in wireTypes) {
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) list.push(readValue(reader, kind));
  } else {
    list.push(readValue(reader, kind));
  }
}

/** The tensor in the bytes of a file that holds one, as ONNX's own tests store values. */
export function decodeTensorProto(bytes: Uint8Array): TensorProto {
  return readMessage(new BinaryReader(bytes), "Tensor", bytes.length) as TensorProto;
}

/** The model in an ONNX file's bytes. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  return readMessage(new BinaryReader(bytes), "Model", bytes.length) as ModelProto;
}
