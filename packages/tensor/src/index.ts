/** Tensors that trace to a graph, differentiate, and run as one ONNX model. */
export {};
