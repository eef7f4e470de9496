import type { ProcessGroup } from "../distributed/process-group.ts";
import { loadMpi, type MpiLibrary } from "./mpi-library.ts";

/** The most elements that one call is given; MPI counts in 32 bits. */
const MOST = 2 ** 30;

/** All processes that an `mpirun` started, as MPI's world. */
class MpiWorld implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly #library: MpiLibrary;

  constructor(library: MpiLibrary) {
    this.#library = library;
    library.call("MPI_Init", null, null);
    const { world } = library.handles;
    const numberBy = (name: "MPI_Comm_rank" | "MPI_Comm_size"): number => {
      const place = new Int32Array(1);
      library.call(name, world, place);
      return place[0] as number;
    };
    this.rank = numberBy("MPI_Comm_rank");
    this.size = numberBy("MPI_Comm_size");
    process.once("exit", (code) => this.#leave(code));
    // Node would print an error after the exit event, which ends this process.
    process.once("uncaughtExceptionMonitor", ({ stack, message }) => {
      process.stderr.write(`MPI process ${this.rank}: ${stack ?? message}\n`);
    });
  }

  allReduce(values: Float32Array): void {
    const { world, float, sum, inPlace } = this.#library.handles;
    for (let start = 0; start < values.length; start += MOST) {
      const part = values.subarray(start, start + MOST);
      this.#library.call("MPI_Allreduce", inPlace, part, part.length, float, sum, world);
    }
  }

  broadcast(bytes: Uint8Array): void {
    const { world, byte } = this.#library.handles;
    for (let start = 0; start < bytes.length; start += MOST) {
      const part = bytes.subarray(start, start + MOST);
      this.#library.call("MPI_Bcast", part, part.length, byte, 0, world);
    }
  }

  barrier(): void {
    this.#library.call("MPI_Barrier", this.#library.handles.world);
  }

  /** A process that fails ends the others too, which would wait for it in a collective. */
  #leave(code: number): void {
    if (code === 0) this.#library.call("MPI_Finalize");
    else this.#library.call("MPI_Abort", this.#library.handles.world, code);
  }
}

let joined: Promise<ProcessGroup> | undefined;

/**
 * Joins the processes that an `mpirun` started, through the MPI of the machine (Open MPI or MPICH); alone, where none
 * did. The same group at every call; it is left when the process ends.
 *
 * @throws QuireError when no MPI library is found, or `koffi`, an optional dependency, is not installed.
 */
export function mpi(): Promise<ProcessGroup> {
  joined ??= loadMpi().then((library) => new MpiWorld(library));
  return joined;
}
