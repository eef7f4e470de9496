import type { Method } from "../method.ts";
import { NormConversion } from "./folding.ts";
import type { NormKind } from "./found-norms.ts";
import { convertFile } from "./on-file.ts";

/** How a converted run is opened: its weights are those that were learnt, its functions have other norms. */
export const method: Method<{ readonly to: NormKind }> = {
  transform: ({ to }) => new NormConversion(to),
  onFile: {
    wanted: {
      kind: "file",
      text: "Drop an ONNX file, and its LayerNorms become RMSNorms that compute the same.",
      accept: ".onnx",
    },
    answer: convertFile,
  },
};
