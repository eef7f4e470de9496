import type { Recording } from "./record.ts";

/**
 * Changes what a traced function computes, or how, before it is simplified and run or written. It may put variables
 * of its own in the place of those that are read, and must give the same ones whenever it meets the same function.
 */
export interface GraphTransform {
  apply(recording: Recording): Promise<Recording>;
}
