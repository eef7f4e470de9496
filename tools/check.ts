import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cycles } from "./cycles.ts";
import { docs } from "./docs.ts";
import { type Checker, format } from "./finding.ts";
import { readHouse } from "./house.ts";
import { imports } from "./imports.ts";
import { complete, type Lockfile, lockfile, lockfilePath } from "./lockfile.ts";
import { describeSizes, sizes } from "./sizes.ts";
import { surface, updateSurface } from "./surface.ts";
import { traces } from "./traces.ts";

interface Command {
  readonly name: string;
  readonly line: readonly [string, ...string[]];
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const checkers: readonly Checker[] = [imports, cycles, sizes, surface, docs, lockfile, traces];
const commands: readonly Command[] = [
  { name: "format and lint", line: ["biome", "check", "--error-on-warnings", "."] },
  { name: "build", line: ["tsc", "-b"] },
  { name: "types", line: ["tsc", "-p", "tsconfig.check.json"] },
];

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--update")) {
    updateSurface(readHouse(root), root);
    return 0;
  }
  if (words.includes("--lockfile")) {
    const path = join(root, lockfilePath);
    const locked = JSON.parse(readFileSync(path, "utf8")) as Lockfile;
    writeFileSync(path, `${JSON.stringify(complete(locked), null, 2)}\n`);
    return 0;
  }
  const wanted = (name: string): boolean => words.length === 0 || words.includes(name);
  const running = commands.filter(({ name }) => wanted(name)).map(runCommand);
  const house = readHouse(root);
  let failures = 0;
  for (const checker of checkers.filter(({ name }) => wanted(name))) {
    const began = performance.now();
    const findings = checker.run(house);
    for (const finding of findings) console.error(format(finding));
    if (findings.length > 0) failures += 1;
    report(checker.name, findings.length === 0, performance.now() - began);
  }
  for (const ok of await Promise.all(running)) if (!ok) failures += 1;
  if (wanted("sizes")) console.log(describeSizes(house));
  return failures;
}

function runCommand({ name, line: [command, ...words] }: Command): Promise<boolean> {
  const began = performance.now();
  const program = join(root, "node_modules", ".bin", command);
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("close", (code) => {
      if (code !== 0) console.error(Buffer.concat(chunks).toString());
      report(name, code === 0, performance.now() - began);
      resolve(code === 0);
    });
  });
}

function report(name: string, ok: boolean, milliseconds: number): void {
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${(milliseconds / 1000).toFixed(1)} s)`);
}

process.exitCode = (await main(process.argv.slice(2))) === 0 ? 0 : 1;
