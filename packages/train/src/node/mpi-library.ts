import { QuireError } from "@quire/tensor";
import type { LibraryHandle } from "koffi";

/** What is called of an MPI library; handles are what its header calls them by. */
export interface MpiLibrary {
  /** The name of the library's file. */
  readonly path: string;
  readonly handles: MpiHandles;
  /** Calls a function, and throws where MPI says that it failed. */
  call(name: MpiFunction, ...words: readonly unknown[]): void;
}

/** An address in Open MPI, a number in MPICH. */
export type Handle = bigint | number;

/** The values that a program passes on. */
export interface MpiHandles {
  readonly world: Handle;
  readonly float: Handle;
  readonly byte: Handle;
  readonly sum: Handle;
  readonly max: Handle;
  /** Says that a result is to be written over its operand. */
  readonly inPlace: bigint;
}

/** Parameters of the functions that are used; `H` stands for a handle. */
const signatures = {
  MPI_Init: "void *, void *",
  MPI_Comm_rank: "H, void *",
  MPI_Comm_size: "H, void *",
  MPI_Allreduce: "void *, void *, int, H, H, H",
  MPI_Allgather: "void *, int, H, void *, int, H, H",
  MPI_Reduce_scatter_block: "void *, void *, int, H, H, H",
  MPI_Comm_split: "H, int, int, void *",
  MPI_Bcast: "void *, int, H, int, H",
  MPI_Barrier: "H",
  MPI_Finalize: "",
  MPI_Abort: "H, int",
};

type MpiFunction = keyof typeof signatures;

/** MPICH's handles, which all libraries of its binary interface share. */
const mpich: MpiHandles = {
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  sum: 0x58000003,
  max: 0x58000001,
  inPlace: 0xffffffffffffffffn,
};

/** Files by launcher: what `mpirun` of each leaves in the environment tells which one started the process. */
const files = {
  openMpi: ["libmpi.so.40", "libmpi.so.80", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"],
  mpich: ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.12.dylib", "libmpich.dylib"],
};

/**
 * Loads the machine's MPI: the one that `QUIRE_MPI` names, else the one that started this process, Open MPI or MPICH.
 *
 * @throws QuireError when there is none, or `koffi`, an optional dependency, is not installed.
 */
export async function loadMpi(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<MpiLibrary> {
  const koffi = await loadKoffi();
  const candidates = candidatesIn(environment);
  leaveMemoryAlone();
  for (const path of candidates) {
    const library = tryLoad(() => koffi.load(path, { global: true }));
    if (library) return bind(path, library);
  }
  throw new QuireError(
    `mpi: none of ${candidates.join(", ")} could be loaded; install Open MPI or MPICH, or name the ` +
      "library's file in QUIRE_MPI.",
  );
}

/**
 * Keeps UCX, which MPICH may move messages by, from rewriting `mmap` and from taking signals over: V8 maps memory and
 * handles faults of its own, and a process where both did crashed now and then. What the user set stays.
 */
function leaveMemoryAlone(): void {
  process.env["UCX_MEM_EVENTS"] ??= "no";
  process.env["UCX_MEM_MMAP_HOOK_MODE"] ??= "none";
  process.env["UCX_ERROR_SIGNALS"] ??= "";
}

/** The files to try, the likeliest first. */
function candidatesIn(environment: Readonly<Record<string, string | undefined>>): string[] {
  const named = environment["QUIRE_MPI"];
  if (named !== undefined && named !== "") return [named];
  const isOpenMpi = environment["OMPI_COMM_WORLD_SIZE"] !== undefined;
  const isHydra = environment["PMI_SIZE"] !== undefined && !isOpenMpi;
  const { openMpi, mpich: others } = files;
  return isHydra ? [...others, ...openMpi] : [...openMpi, ...others];
}

async function loadKoffi(): Promise<Pick<typeof import("koffi"), "load">> {
  try {
    const { default: koffi } = await import("koffi");
    return koffi;
  } catch (error) {
    throw new QuireError("mpi: calling MPI needs the package koffi; run npm install koffi.", {
      cause: error,
    });
  }
}

function tryLoad<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}

function bind(path: string, library: LibraryHandle): MpiLibrary {
  const handles = tryLoad(() => openMpiHandles(library));
  const handle = handles ? "void *" : "int";
  const functions = new Map<MpiFunction, ReturnType<LibraryHandle["func"]>>();
  const call = (name: MpiFunction, ...words: readonly unknown[]): void => {
    const known =
      functions.get(name) ??
      library.func(`int ${name}(${signatures[name].replaceAll("H", handle)})`);
    functions.set(name, known);
    const code = known(...words) as number;
    if (code !== 0) throw new QuireError(`mpi: ${name} failed with code ${code}.`);
  };
  return { path, handles: handles ?? mpich, call };
}

/** The addresses of Open MPI's objects; fails in other libraries, which have no such symbols. */
function openMpiHandles(library: LibraryHandle): MpiHandles {
  const at = (symbol: string): bigint => library.symbol(symbol) as bigint;
  return {
    world: at("ompi_mpi_comm_world"),
    float: at("ompi_mpi_float"),
    byte: at("ompi_mpi_byte"),
    sum: at("ompi_mpi_op_sum"),
    max: at("ompi_mpi_op_max"),
    inPlace: 1n,
  };
}
