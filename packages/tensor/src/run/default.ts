import type { Runtime } from "./runtime.ts";

let chosen: Promise<Runtime> | undefined;

/** The runtime that compiled functions use unless told otherwise: ONNX Runtime's own for this platform. */
export function defaultRuntime(): Promise<Runtime> {
  chosen ??= import("./node.ts").then(({ nodeRuntime }) => nodeRuntime);
  return chosen;
}
