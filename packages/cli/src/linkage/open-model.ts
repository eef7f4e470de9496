import { Linker } from "@quire/papers";
import type { CompileOptions } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { findRun, openRun } from "../run-folder.ts";
import { isPretrained, openPretrained } from "./pretrained.ts";

/**
 * Opens a model that links: a run's folder or name, or a folder of a pretrained encoder as sentence-transformers
 * saves it.
 *
 * @example
 * const linker = await openLinker("runs/linktransformer-1");
 * @throws UsageError when there is none, or it is of another kind.
 */
export async function openLinker(name: string, compile: CompileOptions = {}): Promise<Linker> {
  const folder = findRun(name);
  if (isPretrained(folder)) return await openPretrained(folder, compile);
  const { system, config } = await openRun(name, compile);
  if (system instanceof Linker) return system;
  throw new UsageError(
    `run "${folder}" is of the task "${config.model.task}": give one of linkage, such as quire train linktransformer makes.`,
  );
}
