/** What runs every operation against its stored references, in Node and in a page. */
export { gpuGaps } from "../run/gpu-gaps.ts";
export { type Outcome, runCase } from "./conformance.ts";
export { families } from "./families.ts";
export { type Probe, probesOf } from "./probes.ts";
export type { Family, StoredCase } from "./stored-case.ts";
