import { totalmem } from "node:os";
import { constrainedMemory } from "node:process";

/** The share of a machine's memory that a training may take; the rest is the system's. */
const SHARE = 0.9;

/** Bytes that a training step may take here: what the machine has, or the container that the process is in. */
export function machineMemory(): number {
  const allowed = constrainedMemory();
  const there = totalmem();
  return SHARE * (allowed > 0 ? Math.min(allowed, there) : there);
}
