/** Tensors that trace to a graph, differentiate, and run as one ONNX model. */

export { calibrate, type Examples } from "./calibrate.ts";
export { type Compiled, type CompileOptions, compile, type Fed, type Fetched } from "./compile.ts";
export { bytesPerElement, type DType, dtypes, type TypedArray } from "./dtype.ts";
export { DTypeError, GraphError, QuireError, ShapeError } from "./errors.ts";
export { countParameters, type FlopsByOperation, flops, flopsByOperation } from "./flops.ts";
export { gradients, pullback } from "./grad.ts";
export type { Collectives, Reduction } from "./graph/collectives.ts";
export { type Graph, sorted } from "./graph/graph.ts";
export { makeNode, type Node, Tensor } from "./graph/node.ts";
export { print } from "./graph/print.ts";
export { type Recording, type Returned, record } from "./graph/record.ts";
export { constant, constantValue, input, variableInput, variableOf } from "./graph/source.ts";
export { substituted } from "./graph/substitute.ts";
export type { GraphTransform } from "./graph/transform.ts";
export type { Tree } from "./graph/tree.ts";
export { type Initializer, Variable, type VariableOptions } from "./graph/variable.ts";
export { verify } from "./graph/verify.ts";
export { HostTensor, hostTensor } from "./host.ts";
export { estimateMemory, type MemoryEstimate } from "./memory.ts";
export { emit, OPSET } from "./onnx/emit.ts";
export {
  type ExportedModel,
  type ExportInput,
  type ExportOptions,
  exportOnnx,
} from "./onnx/export.ts";
export type { ExternalData } from "./onnx/external.ts";
export {
  type ClassifierHead,
  classifierHead,
  productWeights,
  scoresOf,
  variablesIn,
} from "./onnx/import/classifier-head.ts";
export type { ExternalFiles } from "./onnx/import/decode-values.ts";
export {
  type ImportedInput,
  type ImportedModel,
  type ImportOptions,
  importOnnx,
} from "./onnx/import/import-model.ts";
export type { UnreadOperation } from "./onnx/import/unread.ts";
export type { Operand } from "./ops/define.ts";
// biome-ignore lint/performance/noReExportAll: ops/index.ts names every operation, once
export * from "./ops/index.ts";
export { type RandomKeys, RandomStream } from "./ops/random-stream.ts";
export { Quantizer } from "./quantize/quantizer.ts";
export {
  type BlockOptions,
  blocks,
  float16,
  frozen,
  type Int8Options,
  int8,
  type Quantization,
  type Ranges,
} from "./quantize/scheme.ts";
export { Random, type RandomState } from "./random/random.ts";
export { collectivesInOneProcess, MeetingPoint } from "./run/collectives-in-one-process.ts";
export { defaultRuntime, devices, runtimeOn, setDevice } from "./run/default.ts";
export type { Device, DeviceReport } from "./run/device.ts";
export type { Buffer, Runtime, Session } from "./run/runtime.ts";
export { setThreads } from "./run/threads.ts";
export { withScope } from "./scope.ts";
export { type Shape, sizeOf, type TensorType } from "./shape.ts";
export { importTfjs } from "./tfjs/import-tfjs.ts";
