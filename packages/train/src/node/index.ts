/** Files of weights, in Node. */
export { writeFileAtomic } from "./atomic-file.ts";
export {
  loadModelFile,
  loadSafetensors,
  saveModel,
  saveSafetensors,
} from "./safetensors-file.ts";
