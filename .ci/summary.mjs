// Prints the conformance suite's counts, a line a backend, and "N passed, N failed[, N skipped]" of a Vitest JSON
// report and the backends together, each of which counts as one: `node summary.mjs report.json [conformance.json]`.
// A file that does not load is one failure, and so is a run that leaves no report.
import { existsSync, readFileSync } from "node:fs";

const [path = "", conformance] = process.argv.slice(2);

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

const files = read(path)?.testResults ?? [{ status: "failed", assertionResults: [] }];
const tests = files.flatMap((file) => {
  const states = file.assertionResults.map(({ status }) => status);
  const fellOver = file.status === "failed" && !states.includes("failed");
  return fellOver ? [...states, "failed"] : states;
});

const missing = { backend: "all backends", state: "failed", text: "the suite left no report" };
const backends = conformance === undefined ? [] : (read(conformance) ?? [missing]);
for (const { backend, state, text } of backends) {
  console.log(`conformance, ${backend}: ${state}; ${text}`);
}

const states = [...tests, ...backends.map(({ state }) => state)];
const count = (...names) => states.filter((state) => names.includes(state)).length;
const passed = count("passed");
const failed = count("failed");
const skipped = states.length - passed - failed;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
