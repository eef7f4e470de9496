import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const program = fileURLToPath(new URL("../packages/cli/bin/quire.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quire-tensor-parallel-"));
afterAll(() => rmSync(folder, { recursive: true }));

const launcher = "mpirun.openmpi";
/** Open MPI refuses to start processes for root, and more of them than there are cores, unless told. */
const env = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
};

function reasonToSkip(): string {
  if (!process.env["QUIRE_TEST_MPI"]) return " (skipped: npm run test:mpi runs it)";
  return spawnSync(launcher, ["--version"]).status === 0
    ? ""
    : ` (skipped: ${launcher} is not installed)`;
}

const text = join(folder, "text.txt");
writeFileSync(
  text,
  Array.from({ length: 600 }, (_, i) => `${i % 7} cats see ${i % 5} dogs by the river.\n`).join(""),
);

/** What a call printed and its exit code. */
function quire(processes: number, words: readonly string[]) {
  const launched = processes > 1 ? [launcher, "-n", String(processes)] : [];
  const [command = process.execPath, ...line] = [...launched, process.execPath, program];
  const { status, stderr } = spawnSync(command, [...line, ...words], {
    ...{ cwd: folder, env, encoding: "utf8", timeout: 150_000 },
  });
  return { status, stderr };
}

/** The values of a run's epochs. */
function epochs(run: string): Record<string, number>[] {
  const lines = readFileSync(join(folder, "runs", run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}

const training = [
  ...["train", "megatron-lm", "--data", text, "--preset", "tiny", "--tokenizer", "byte"],
  ...["--context", "16", "--width", "32", "--dropout", "0", "--seed", "3", "--quiet"],
];

const reason = reasonToSkip();
describe.skipIf(reason !== "")(`a language model that processes divide${reason}`, () => {
  test("has the losses of one process, on two and on four, and its run is used like any other", {
    timeout: 400_000,
  }, () => {
    const divided = ["--epochs", "2", "--tensor-parallel", "2"];
    const calls = [
      quire(1, [...training, "--epochs", "2", "--name", "one"]),
      quire(2, [...training, ...divided, "--name", "two"]),
      quire(4, [...training, ...divided, "--sequence-parallel", "--name", "four"]),
    ];
    expect(calls.map(({ status, stderr }) => `${status} ${stderr}`)).toEqual(["0 ", "0 ", "0 "]);
    const wanted = epochs("one");
    for (const run of ["two", "four"]) {
      for (const [i, values] of epochs(run).entries()) {
        for (const [name, value] of Object.entries(wanted[i] ?? {})) {
          // Adam makes steps of rounding where a gradient is 0, as those of the keys' biases are.
          expect((values[name] ?? 0) / value, `${run}, ${name}`).toBeCloseTo(1, 2);
        }
      }
    }
    const predicted = quire(1, ["evaluate", "runs/two", "--data", text, "--quiet"]);
    expect(`${predicted.status} ${predicted.stderr}`).toBe("0 ");
  });

  test("is refused where the processes do not fit", { timeout: 60_000 }, () => {
    const { status, stderr } = quire(1, [...training, "--tensor-parallel", "2"]);
    expect(status).toBe(2);
    expect(stderr).toContain(
      "--tensor-parallel 2: this process is alone; start it by mpirun -n 2 npx quire train ...",
    );
  });
});
