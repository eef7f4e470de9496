/** What runs every operation against its stored references, in Node and in a page. */
export { type Outcome, runCase } from "./conformance.ts";
export { families } from "./families.ts";
export type { Family, StoredCase } from "./stored-case.ts";
