import type { Method } from "../method.ts";

/** Pruning changes values alone: what is pruned is opened as any other model. */
export const method: Method = {
  onFile:
    "The surgeon weighs what each weight does to the loss, and for that it needs examples beside the file: " +
    "npx quire prune model.onnx --data pictures",
};
