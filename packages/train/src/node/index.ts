/** Files of weights, and processes that train together, in Node. */
export { writeFileAtomic } from "./atomic-file.ts";
export { type GraphSearchOptions, graphSearch, hasGraphSearch } from "./graph-search.ts";
export { mpi } from "./mpi.ts";
export { peakMemory } from "./peak-memory.ts";
export { CheckpointError } from "./record/checkpoints.ts";
export { machineMemory } from "./record/machine-memory.ts";
export type { EpochPoint } from "./record/metrics-log.ts";
export {
  type CheckpointPolicy,
  type Recorded,
  type RecordingRole,
  type RecordOptions,
  type ResumeOptions,
  type ResumeStart,
  recordTraining,
} from "./record/record-training.ts";
export { StorageError } from "./record/storage-error.ts";
export {
  loadModelFile,
  loadSafetensors,
  saveModel,
  saveSafetensors,
} from "./safetensors-file.ts";
