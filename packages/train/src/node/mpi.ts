import { QuireError, type Reduction } from "@quire/tensor";
import type { ProcessGroup } from "../distributed/process-group.ts";
import { type Handle, loadMpi, type MpiLibrary } from "./mpi-library.ts";

/** The most elements that one call is given; MPI counts in 32 bits. */
const MOST = 2 ** 30;

/** Processes that share one of MPI's communicators. */
class MpiGroup implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly #library: MpiLibrary;
  readonly #communicator: Handle;

  constructor(library: MpiLibrary, communicator: Handle) {
    this.#library = library;
    this.#communicator = communicator;
    const numberBy = (name: "MPI_Comm_rank" | "MPI_Comm_size"): number => {
      const place = new Int32Array(1);
      library.call(name, communicator, place);
      return place[0] as number;
    };
    this.rank = numberBy("MPI_Comm_rank");
    this.size = numberBy("MPI_Comm_size");
  }

  allReduce(values: Float32Array, reduction: Reduction = "sum"): void {
    const { float, inPlace, ...handles } = this.#library.handles;
    const how = handles[reduction];
    for (let start = 0; start < values.length; start += MOST) {
      const part = values.subarray(start, start + MOST);
      this.#call("MPI_Allreduce", inPlace, part, part.length, float, how, this.#communicator);
    }
  }

  allGather(part: Float32Array, whole: Float32Array): void {
    const { float } = this.#library.handles;
    const count = this.#countable(part);
    this.#call("MPI_Allgather", part, count, float, whole, count, float, this.#communicator);
  }

  reduceScatter(whole: Float32Array, part: Float32Array): void {
    const { float, sum } = this.#library.handles;
    const count = this.#countable(part);
    this.#call("MPI_Reduce_scatter_block", whole, part, count, float, sum, this.#communicator);
  }

  broadcast(bytes: Uint8Array): void {
    const { byte } = this.#library.handles;
    for (let start = 0; start < bytes.length; start += MOST) {
      const part = bytes.subarray(start, start + MOST);
      this.#call("MPI_Bcast", part, part.length, byte, 0, this.#communicator);
    }
  }

  barrier(): void {
    this.#call("MPI_Barrier", this.#communicator);
  }

  split(part: number): ProcessGroup {
    const { world } = this.#library.handles;
    // A communicator is an address in Open MPI and a number of 32 bits in MPICH.
    const place = typeof world === "bigint" ? new BigUint64Array(1) : new Int32Array(1);
    this.#call("MPI_Comm_split", this.#communicator, part, this.rank, place);
    return new MpiGroup(this.#library, place[0] as Handle);
  }

  #call(...words: Parameters<MpiLibrary["call"]>): void {
    this.#library.call(...words);
  }

  #countable({ length }: Float32Array): number {
    if (length <= MOST) return length;
    throw new QuireError(`mpi: a process's part may have ${MOST} numbers, got ${length}.`);
  }
}

/** Joins all processes that an `mpirun` started, and leaves them when this one ends. */
function world(library: MpiLibrary): ProcessGroup {
  library.call("MPI_Init", null, null);
  const group = new MpiGroup(library, library.handles.world);
  process.once("exit", (code) => {
    // A process that fails ends the others too, which would wait for it in a collective.
    if (code === 0) library.call("MPI_Finalize");
    else library.call("MPI_Abort", library.handles.world, code);
  });
  // Node would print an error after the exit event, which ends this process.
  process.once("uncaughtExceptionMonitor", ({ stack, message }) => {
    process.stderr.write(`MPI process ${group.rank}: ${stack ?? message}\n`);
  });
  return group;
}

let joined: Promise<ProcessGroup> | undefined;

/**
 * Joins the processes that an `mpirun` started, through the MPI of the machine (Open MPI or MPICH); alone, where none
 * did. The same group at every call; it is left when the process ends.
 *
 * @throws QuireError when no MPI library is found, or `koffi`, an optional dependency, is not installed.
 */
export function mpi(): Promise<ProcessGroup> {
  joined ??= loadMpi().then(world);
  return joined;
}
