import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("summary.mjs", import.meta.url));

/** Runs the program on files of tests, and on backends' verdicts where those are asked for, `null` for a lost report. */
function summary(
  files: readonly (readonly [string, readonly string[]])[] | undefined,
  backends?: readonly object[] | null,
): object {
  const folder = mkdtempSync(join(tmpdir(), "quire-summary-"));
  const report = join(folder, "report.json");
  const testResults = files?.map(([status, states]) => ({
    status,
    assertionResults: states.map((state) => ({ status: state })),
  }));
  try {
    if (testResults !== undefined) writeFileSync(report, JSON.stringify({ testResults }));
    const verdicts = join(folder, "conformance.json");
    if (backends) writeFileSync(verdicts, JSON.stringify(backends));
    const words = backends === undefined ? [program, report] : [program, report, verdicts];
    const { stdout, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
    return { stdout, status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a run without failures ends well", () => {
  const stdout = "3 passed, 0 failed\n";
  expect(
    summary([
      ["passed", ["passed", "passed"]],
      ["passed", ["passed"]],
    ]),
  ).toEqual({
    stdout,
    status: 0,
  });
});

test("a failure is counted and ends the run badly; skipped tests are told", () => {
  expect(summary([["failed", ["passed", "failed", "skipped", "todo"]]])).toEqual({
    stdout: "1 passed, 1 failed, 2 skipped\n",
    status: 1,
  });
});

test("a file that does not load is a failure, whatever passed in others", () => {
  expect(
    summary([
      ["failed", []],
      ["passed", ["passed"]],
    ]),
  ).toEqual({
    stdout: "1 passed, 1 failed\n",
    status: 1,
  });
});

test("no report and no tests are failures", () => {
  expect(summary(undefined)).toEqual({ stdout: "0 passed, 1 failed\n", status: 1 });
  expect(summary([])).toEqual({ stdout: "0 passed, 0 failed\n", status: 1 });
});

test("each backend of the conformance suite has its line and counts as one", () => {
  const files = [["passed", ["passed"]]] as const;
  const backends = [
    { backend: "Node, processor", state: "passed", text: "9 of 9 cases pass", failures: [] },
    { backend: "page, WebGPU", state: "failed", text: "8 of 9 cases pass", failures: ["exp"] },
    { backend: "Node, WebGPU", state: "skipped", text: "left out, no GPU", failures: [] },
  ];
  expect(summary(files, backends)).toEqual({
    stdout:
      "conformance, Node, processor: passed; 9 of 9 cases pass\n" +
      "conformance, page, WebGPU: failed; 8 of 9 cases pass\n" +
      "conformance, Node, WebGPU: skipped; left out, no GPU\n" +
      "2 passed, 1 failed, 1 skipped\n",
    status: 1,
  });
  expect(summary(files, null)).toEqual({
    stdout: "conformance, all backends: failed; the suite left no report\n1 passed, 1 failed\n",
    status: 1,
  });
});
