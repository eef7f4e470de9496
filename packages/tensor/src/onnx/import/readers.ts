import type { NodeProto } from "../proto.ts";
import type { Reader, ReaderTable } from "./onnx-node.ts";
import { attentionReaders, fusedAttentionReaders } from "./read-attention.ts";
import { controlReaders } from "./read-control.ts";
import { elementwiseReaders, fusedElementwiseReaders } from "./read-elementwise.ts";
import { imageReaders } from "./read-images.ts";
import { indexingReaders } from "./read-indexing.ts";
import { lossReaders } from "./read-losses.ts";
import { movementReaders } from "./read-movement.ts";
import { fusedNormReaders, normReaders } from "./read-norms.ts";
import { fusedProductReaders, productReaders } from "./read-products.ts";
import { fusedQuantizedReaders, quantizedReaders } from "./read-quantized.ts";
import { recurrentReaders } from "./read-recurrent.ts";
import { reductionReaders } from "./read-reductions.ts";
import { resizeReaders } from "./read-resize.ts";
import { signalReaders } from "./read-signal.ts";
import { windowReaders } from "./read-windows.ts";

/** The standard operations that are read. */
const standardReaders: ReaderTable = {
  ...attentionReaders,
  ...controlReaders,
  ...elementwiseReaders,
  ...imageReaders,
  ...indexingReaders,
  ...lossReaders,
  ...movementReaders,
  ...normReaders,
  ...productReaders,
  ...quantizedReaders,
  ...recurrentReaders,
  ...reductionReaders,
  ...resizeReaders,
  ...signalReaders,
  ...windowReaders,
};

/** The operations of ONNX Runtime's own that are read. */
const runtimeReaders: ReaderTable = {
  ...fusedAttentionReaders,
  ...fusedElementwiseReaders,
  ...fusedNormReaders,
  ...fusedProductReaders,
  ...fusedQuantizedReaders,
};

/** Standard operations that ONNX Runtime also has under its own name, with the same meaning. */
const alike = ["DequantizeLinear", "GatherND", "Pad", "QuantizeLinear", "Range", "Trilu"];

const domains: Readonly<Record<string, ReaderTable>> = {
  "": standardReaders,
  "ai.onnx": standardReaders,
  "com.microsoft": {
    ...Object.fromEntries(Object.entries(standardReaders).filter(([name]) => alike.includes(name))),
    ...runtimeReaders,
  },
};

const draws = "it draws numbers, and Quire draws them from streams of its own";

/** Operations that are not read for a reason. */
const refused: Readonly<Record<string, string>> = {
  Bernoulli: draws,
  Multinomial: draws,
  RandomNormal: draws,
  RandomNormalLike: draws,
  RandomUniform: draws,
  RandomUniformLike: draws,
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
