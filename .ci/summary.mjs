// Prints "N passed, N failed[, N skipped]" of a Vitest JSON report: `node summary.mjs report.json`.
// A file that does not load is one failure, and so is a run that leaves no report.
import { existsSync, readFileSync } from "node:fs";

const path = process.argv[2] ?? "";
const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
const files = report?.testResults ?? [{ status: "failed", assertionResults: [] }];
const states = files.flatMap((file) => {
  const tests = file.assertionResults.map(({ status }) => status);
  const fellOver = file.status === "failed" && !tests.includes("failed");
  return fellOver ? [...tests, "failed"] : tests;
});

const count = (...names) => states.filter((state) => names.includes(state)).length;
const passed = count("passed");
const failed = count("failed");
const skipped = states.length - passed - failed;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
