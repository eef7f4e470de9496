import { Division } from "@quire/nn";
import type { Build, Paper, TrainingExtras } from "@quire/papers";
import type { ProcessGroup } from "@quire/train";
import { UsageError } from "./errors.ts";
import { flag, whole } from "./option.ts";
import { processes } from "./processes.ts";

/** How the processes that `mpirun` started share a training. */
export interface Placement {
  /** All of them. */
  readonly world: ProcessGroup;
  /** Those that have the same part of the model and share each batch. */
  readonly data: ProcessGroup;
  /** Those that have the parts of a model; none where each has all of it. */
  readonly division: Division | undefined;
}

/** How a user asks for a model to be divided. */
export const divisionOptions = {
  tensorParallel: whole("Processes that divide the model; the others share each batch", {
    from: 1,
  }),
  sequenceParallel: flag("Divide the positions between the blocks too"),
};

/** What a user asked for. */
export interface DivisionChoice {
  readonly tensorParallel?: number | undefined;
  readonly sequenceParallel?: boolean | undefined;
}

/**
 * The place of this process among those that `mpirun` started; nothing where it started alone.
 *
 * @throws UsageError when the model cannot be divided so.
 */
export async function placementOf(
  { id, isDivisible = false }: Pick<Paper, "id" | "isDivisible">,
  { tensorParallel: parts = 1, sequenceParallel: sequence = false }: DivisionChoice,
): Promise<Placement | undefined> {
  const world = await processes();
  if (parts === 1 && sequence) {
    throw new UsageError(
      "--sequence-parallel divides positions among the processes of --tensor-parallel: give both.",
    );
  }
  if (parts === 1) return world && { world, data: world, division: undefined };
  if (!isDivisible) {
    throw new UsageError(`--tensor-parallel: ${id} cannot be divided; megatron-lm can.`);
  }
  if (!world || world.size % parts !== 0) {
    const found = world
      ? `${world.size} processes are no groups of ${parts}`
      : "this process is alone";
    throw new UsageError(
      `--tensor-parallel ${parts}: ${found}; start it by mpirun -n ${parts} npx quire train ...`,
    );
  }
  const group = await world.split(Math.floor(world.rank / parts));
  const data = await world.split(world.rank % parts);
  return { world, data, division: new Division(group, { sequence }) };
}

/** How a process makes its part of a system, and with whom it shares its batches. */
export function placed(
  build: Build<object, object>,
  extras: TrainingExtras,
  placement: Placement | undefined,
): { readonly build: Build<object, object>; readonly extras: TrainingExtras } {
  const { data, division } = placement ?? {};
  return {
    build: (options, target) => build(options, target, division),
    extras: { ...extras, ...(data && data.size > 1 && { group: data }) },
  };
}
