import type { NodeProto } from "../proto.ts";
import type { Reader, ReaderTable } from "./onnx-node.ts";
import { elementwiseReaders } from "./read-elementwise.ts";
import { indexingReaders } from "./read-indexing.ts";
import { movementReaders } from "./read-movement.ts";
import { fusedNormReaders, normReaders } from "./read-norms.ts";
import { fusedProductReaders, productReaders } from "./read-products.ts";
import { reductionReaders } from "./read-reductions.ts";
import { windowReaders } from "./read-windows.ts";

/** The standard operations that are read. */
const standardReaders: ReaderTable = {
  ...elementwiseReaders,
  ...indexingReaders,
  ...movementReaders,
  ...normReaders,
  ...productReaders,
  ...reductionReaders,
  ...windowReaders,
};

/** The operations of ONNX Runtime's own that are read. */
const runtimeReaders: ReaderTable = { ...fusedNormReaders, ...fusedProductReaders };

const domains: Readonly<Record<string, ReaderTable>> = {
  "": standardReaders,
  "ai.onnx": standardReaders,
  "com.microsoft": { ...standardReaders, ...runtimeReaders },
};

/** Operations that no graph of fixed shapes can hold, with the reason. */
const refused: Readonly<Record<string, string>> = {
  NonMaxSuppression: "the shape of its result depends on data",
  Unique: "the shape of its result depends on data",
  StringNormalizer: "it works on texts",
  TfIdfVectorizer: "it works on texts",
};

/** The reader of a node's operation. */
export function readerOf({ domain = "", opType = "" }: NodeProto): Reader | undefined {
  const table = domains[domain];
  return table && Object.hasOwn(table, opType) ? table[opType] : undefined;
}

/** Why an operation is not read. */
export function reasonAgainst({ opType = "" }: NodeProto): string | undefined {
  return Object.hasOwn(refused, opType) ? refused[opType] : undefined;
}

/** How a node's operation is found among those that a file defines. */
export function functionKey({ domain = "", opType = "" }: NodeProto): string {
  return `${domain}:${opType}`;
}
