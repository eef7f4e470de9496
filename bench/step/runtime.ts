/**
 * The ONNX Runtime that Quire runs on. A peer brings another version into this folder, which a plain import would
 * find first.
 */
import { createRequire } from "node:module";

const tensor = createRequire(import.meta.url).resolve("@quire/tensor/package.json");
const runtime = createRequire(tensor)("onnxruntime-node") as typeof import("onnxruntime-node");

/** Loads and runs models. */
export const { InferenceSession, Tensor } = runtime;
