import type { System } from "@quire/papers";
import type { OpenRun } from "../run-folder.ts";
import type { SubjectContext, SubjectData } from "./subject.ts";

/**
 * What a run is measured on: the data at a path, or else what it kept apart. Its examples are of the part that it
 * learnt from. Undefined where neither is known.
 */
export async function runData(
  { folder, config, task, system }: OpenRun,
  path: string | undefined,
  { seed, console }: SubjectContext,
): Promise<SubjectData | undefined> {
  const { training } = config;
  const context = { folder, options: training?.options ?? {}, seed, console };
  const given = path !== undefined && ((of: System) => task.evaluate.run(of, path, context));
  if (!training) return given ? { measure: given, examples: undefined } : undefined;
  const reading = { seed: training.seed, console };
  const learnt = await task.load(training.data, training.options, reading);
  const measure = given || ((of: System) => learnt.measure(of, seed));
  return { measure, examples: () => learnt.inputs(system) };
}
