import type { ProcessGroup } from "@quire/train";
import { mpi } from "@quire/train/node";

/** Variables by which Open MPI, MPICH and Slurm tell a process how many of them were started. */
const sizes = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"];

/** The processes that `mpirun` started together with this one; nothing where it started alone. */
export async function processes(): Promise<ProcessGroup | undefined> {
  const isShared = sizes.some((name) => Number(process.env[name] ?? 1) > 1);
  return isShared ? await mpi() : undefined;
}

/** Bytes that a path may take when it is told to the others. */
const LONGEST = 4096;

/** A text of the first process, told to all; only there it is made. */
export async function toldToAll(
  group: ProcessGroup | undefined,
  make: () => Promise<string>,
): Promise<string> {
  if (!group) return await make();
  const bytes = new Uint8Array(LONGEST);
  if (group.rank === 0) new TextEncoder().encodeInto(await make(), bytes);
  await group.broadcast(bytes);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** Whether this is not the first of the processes, which alone speaks. */
export function isSilentProcess(): boolean {
  return ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].some((name) => Number(process.env[name] ?? 0) > 0);
}
