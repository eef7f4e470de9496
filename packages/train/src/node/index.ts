/** Files of weights, and processes that train together, in Node. */
export { writeFileAtomic } from "./atomic-file.ts";
export { mpi } from "./mpi.ts";
export {
  loadModelFile,
  loadSafetensors,
  saveModel,
  saveSafetensors,
} from "./safetensors-file.ts";
