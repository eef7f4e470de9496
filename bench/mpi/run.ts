/**
 * How much faster processes that share batches, or divide the model, over MPI make the same training steps, each pinned to
 * its share of the cores; whether their losses are those of one process, and what each holds of the model.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine } from "../step/report.ts";
import { spread } from "../step/statistics.ts";

interface Told {
  readonly losses: readonly number[];
  readonly milliseconds: readonly number[];
  /** Parameters that process 0 holds. */
  readonly parameters: number;
}

interface Way {
  readonly name: string;
  readonly processes: number;
  /** What the worker is told. */
  readonly mode: "alone" | "shared" | "divided" | "sequence";
  /** The cores of each process, as taskset takes them. */
  readonly cores: (process: number) => string;
  /** Cores that work. */
  readonly busy: number;
}

const cores = availableParallelism();
const warmUp = 3;
const steps = "23";
const rounds = 3;
const most = 1e-5;
const worker = join(dirname(fileURLToPath(import.meta.url)), "worker.js");
const folder = mkdtempSync(join(tmpdir(), "quire-mpi-"));
const launcher = ["mpirun.openmpi", "mpiexec.hydra", "mpirun"].find(
  (command) => spawnSync(command, ["--version"]).status === 0,
);

const words = {
  alone: "",
  shared: "that share batches",
  divided: "that divide the model",
  sequence: "that divide the model and positions",
} as const;

/** A share of the cores each; where there are more processes than cores, they take turns. */
function together(processes: number, mode: Way["mode"]): Way {
  const share = Math.max(1, Math.floor(cores / processes));
  const first = (process: number): number => (process * share) % cores;
  return {
    name: `${processes} processes ${words[mode]}, ${processes > cores ? `${cores} cores in turn` : `${share} of the cores each`}`,
    ...{ processes, mode },
    cores: (process) => `${first(process)}-${first(process) + share - 1}`,
    busy: Math.min(cores, processes * share),
  };
}

function told({ processes, mode: how, cores: coresOf }: Way): Told {
  const path = join(folder, "told.json");
  const line = (process: number, mode: string): string[] => [
    "taskset",
    "-c",
    coresOf(process),
    globalThis.process.execPath,
    worker,
    path,
    mode,
    steps,
  ];
  const words =
    processes === 1
      ? line(0, "alone")
      : [
          launcher as string,
          ...Array.from({ length: processes }, (_, i) => [
            ...(i === 0 ? [] : [":"]),
            "-n",
            "1",
            ...line(i, how),
          ]).flat(),
        ];
  const allowed = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const placing = {
    OMPI_MCA_rmaps_base_oversubscribe: "1",
    OMPI_MCA_hwloc_base_binding_policy: "none",
  };
  const yielding = processes > cores ? { OMPI_MCA_mpi_yield_when_idle: "1" } : {};
  const env = { ...process.env, ...allowed, ...placing, ...yielding };
  execFileSync(words[0] as string, words.slice(1), { env, stdio: ["ignore", "ignore", "inherit"] });
  return JSON.parse(readFileSync(path, "utf8")) as Told;
}

function bothSizes(mode: Way["mode"]): Way[] {
  return [2, 4].map((processes) => together(processes, mode));
}

const ways: Way[] = [
  { name: "1 process, 1 core", processes: 1, mode: "alone", cores: () => "0", busy: 1 },
  {
    name: `1 process, all ${cores} cores`,
    ...{ processes: 1, mode: "alone" },
    cores: () => `0-${cores - 1}`,
    busy: cores,
  },
  ...(launcher ? (["shared", "divided", "sequence"] as const).flatMap(bothSizes) : []),
];

console.log(machine());
console.log(launcher ? `launcher ${launcher}` : "no MPI launcher was found: only one process");
const times = new Map<Way, number[]>(ways.map((way) => [way, []]));
const held = new Map<Way, number>();
let wanted: readonly number[] | undefined;
let isEqual = true;
for (let round = 0; round < rounds; round++) {
  for (const way of ways) {
    const { losses, milliseconds, parameters } = told(way);
    held.set(way, parameters);
    wanted ??= losses;
    const off = Math.max(...losses.map((loss, i) => Math.abs(loss - (wanted?.[i] as number))));
    if (!(off <= most)) {
      isEqual = false;
      console.log(`MISSED ${way.name}: losses differ by ${off}, at most ${most}`);
    }
    times.get(way)?.push(...milliseconds.slice(warmUp));
  }
}
rmSync(folder, { recursive: true });
const whole = held.get(ways[0] as Way) as number;
const alone = spread(times.get(ways[0] as Way) as number[]).median;
for (const way of ways) {
  const { median, low, high } = spread(times.get(way) as number[]);
  const efficiency = (100 * alone) / (way.busy * median);
  console.log(
    `${way.name}: ${median.toFixed(1)} ms a step (${low.toFixed(1)} to ${high.toFixed(1)}), ` +
      `${(alone / median).toFixed(2)} times as fast, efficiency ${efficiency.toFixed(0)} % of ${way.busy} cores, ` +
      `${((100 * (held.get(way) as number)) / whole).toFixed(0)} % of the parameters each`,
  );
}
console.log(
  isEqual ? `met    losses of all ways differ by at most ${most}` : "MISSED equal losses",
);
