import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { loadMpi } from "./mpi-library.ts";

interface Told {
  readonly rank: number;
  readonly size: number;
  readonly losses: number[];
  readonly weights: number[];
}

interface Ended {
  readonly code: number;
  readonly err: string;
}

/** The bundle stands in the package, whose dependencies it asks for. */
const built = fileURLToPath(new URL("../../dist", import.meta.url));
mkdirSync(built, { recursive: true });
const folder = mkdtempSync(join(built, "mpi-test-"));
const worker = join(folder, "mpi-worker.js");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    ssr: {
      noExternal: [/^@quire\//],
      resolve: { conditions: ["quire-source", "node"], externalConditions: ["node"] },
    },
    build: {
      ssr: fileURLToPath(new URL("../testing/mpi-worker.ts", import.meta.url)),
      outDir: folder,
      target: "node20",
    },
  });
}, 60_000);

function run(command: string, words: readonly string[]): Promise<Ended> {
  // Open MPI refuses to start processes for root, and more of them than there are cores, unless told.
  const allowed = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const env = { ...process.env, ...allowed, OMPI_MCA_rmaps_base_oversubscribe: "1" };
  return new Promise((resolve) => {
    execFile(command, words, { env, timeout: 60_000 }, (error, _, err) => {
      const code = typeof error?.code === "number" ? error.code : Number(error !== null);
      resolve({ code, err });
    });
  });
}

/** What the processes of a training told, by rank. */
async function toldBy(launcher: readonly string[], ...words: readonly string[]): Promise<Told[]> {
  const place = mkdtempSync(join(folder, "told-"));
  const [command = process.execPath, ...line] = [...launcher, process.execPath];
  const { code, err } = await run(command, [...line, worker, place, ...words]);
  expect(code, err).toBe(0);
  const files = readdirSync(place).sort();
  return files.map((file) => JSON.parse(readFileSync(join(place, file), "utf8")) as Told);
}

function isThere(command: string): boolean {
  return spawnSync(command, ["--version"]).status === 0;
}

/** Why the launcher's tests do not run here; empty where they do. */
function skippedBecause(command: string): string {
  if (!process.env["QUIRE_TEST_MPI"]) return " (skipped: npm run test:mpi runs it)";
  return isThere(command) ? "" : ` (skipped: ${command} is not installed)`;
}

/** Launchers of the two kinds of MPI, by names that tell them apart where both are installed. */
const launchers = [
  { kind: "Open MPI", command: "mpirun.openmpi" },
  { kind: "MPICH", command: "mpiexec.hydra" },
];

for (const { kind, command } of launchers) {
  const reason = skippedBecause(command);
  describe.skipIf(reason !== "")(`${kind}${reason}`, () => {
    test.each([2, 4])("%i processes make the losses of one", { timeout: 90_000 }, async (size) => {
      const [alone] = (await toldBy([], "alone")) as [Told];
      const told = await toldBy([command, "-n", String(size)]);
      expect(told.map(({ rank }) => rank)).toEqual([0, 1, 2, 3].slice(0, size));
      for (const { size: count, losses, weights } of told) {
        expect(count).toBe(size);
        expectNear(losses, alone.losses, 1e-5, "losses");
        expectNear(weights, alone.weights, 1e-4, "weights");
        expect(weights).toEqual(told[0]?.weights);
      }
    });

    test("processes and halves of them exchange values", { timeout: 90_000 }, async () => {
      const told = (await toldBy([command, "-n", "4"], "exchange")) as unknown[];
      const gathered = [0, 10, 1, 9, 2, 8, 3, 7];
      const times = (values: number[], factor: number): number[] => values.map((x) => factor * x);
      expect(told).toEqual(
        [0, 1, 2, 3].map((rank) => {
          const own = gathered.slice(2 * rank, 2 * rank + 2);
          const odd = rank % 2;
          const half = [odd, 10 - odd, odd + 2, 8 - odd];
          return [
            [rank, 4, gathered, times(own, 4), [3, 10]],
            [Math.floor(rank / 2), 2, half, times(own, 2), [odd + 2, 10 - odd]],
          ];
        }),
      );
    });

    test("a process that fails ends the others", { timeout: 90_000 }, async () => {
      const { code, err } = await run(command, [
        "-n",
        "2",
        process.execPath,
        worker,
        folder,
        "fail",
      ]);
      expect(code).not.toBe(0);
      expect(err).toContain("MPI process 1: Error: process 1 fails");
    });

    test("a process that nobody launched is a group of its own", { timeout: 90_000 }, async () => {
      const [told] = (await toldBy([])) as [Told];
      expect([told.rank, told.size]).toEqual([0, 1]);
    });
  });
}

test("a library that is not there is named", async () => {
  await expect(loadMpi({ QUIRE_MPI: "libabsent.so" })).rejects.toThrow(
    "mpi: none of libabsent.so could be loaded; install Open MPI or MPICH, or name the library's " +
      "file in QUIRE_MPI.",
  );
});
