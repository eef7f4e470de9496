/** Runs every operation against its references wherever there is a runtime: `npm run conformance`. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Absent, type Ask, type Backend, findBackends } from "./backends.ts";
import { bundleForNode, bundleForPage } from "./bundle.ts";
import {
  type Case,
  countFailed,
  type Exception,
  exceptionFor,
  type Findings,
  type KernelGap,
  type Outcome,
  type Ran,
  report,
  summaryOf,
} from "./conformance-report.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
/** Leaves out the slowest place, which is WebGPU in Node, and most steps; for machines that test every change. */
const isShort = process.argv.includes("--short");
const steps = isShort ? 3 : 10;
/** Cases a call: what runs far too long is then known to be stuck. */
const portion = 50;
/** The longest that a portion, or the training, may take. */
const patience = 300_000;
/** The losses of a backend may differ from Node's by this much. */
const lossTolerance = 1e-3;

type Stored = Case["stored"];

interface Probe {
  readonly op: string;
  readonly dtype: string;
  readonly made?: Stored;
  readonly failure?: string;
}

function storedCases(family: string): Stored[] {
  const path = join(root, "packages/tensor/references", `${family}.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { cases: Stored[] }).cases;
}

interface Collected {
  readonly cases: ReadonlyMap<string, readonly Case[]>;
  readonly failures: readonly string[];
  readonly gaps: readonly KernelGap[];
}

/** The stored cases of every family, and those in other dtypes, whose values Node's processor gives. */
function collect(node: Backend): Promise<Collected> {
  return node.use(async (ask) => {
    const cases = new Map<string, Case[]>();
    const failures: string[] = [];
    for (const family of await ask<string[]>("families")) {
      const stored = storedCases(family);
      for (const { op, dtype, made, failure } of await ask<Probe[]>(
        "probes",
        "cpu",
        family,
        stored,
      )) {
        if (made) stored.push(made);
        if (failure !== undefined) failures.push(`${op} of ${dtype}: ${failure}`);
      }
      cases.set(
        family,
        stored.map((one) => ({ stored: one })),
      );
    }
    return { cases, failures, gaps: await ask<KernelGap[]>("gaps") };
  });
}

/** What a backend answers; fails where it does not in time. */
async function answered<T>(backend: Backend, task: (ask: Ask) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const complain = () => reject(new Error(`${backend.name} gives no answer in ${patience} ms`));
    timer = setTimeout(complain, patience);
  });
  try {
    return await backend.use((ask) => Promise.race([task(ask), late]));
  } finally {
    clearTimeout(timer);
  }
}

/** Runs all cases on a backend; where one breaks it, the rest runs in a new place. */
async function runAll(
  backend: Backend,
  cases: Collected["cases"],
  exceptions: readonly Exception[],
): Promise<Ran> {
  const began = performance.now();
  const outcomes: Outcome[] = [];
  const skipped: Case[] = [];
  for (const [family, all] of cases) {
    let left: Case[] = [];
    for (const one of all) {
      const exception = exceptionFor(one, backend.name, exceptions);
      if (exception && exception.tolerance === undefined) skipped.push(one);
      else left.push({ ...one, ...exception });
    }
    while (left.length > 0) {
      const some = left.slice(0, portion);
      const done = await answered(backend, (ask) =>
        ask<Outcome[]>("cases", backend.device, family, some),
      );
      outcomes.push(...done);
      left = left.slice(done.length);
    }
  }
  const losses = await answered(backend, (ask) => ask<number[]>("train", backend.device, steps));
  const seconds = (performance.now() - began) / 1000;
  return { backend: backend.name, outcomes, skipped, losses, seconds };
}

/** Writes the document where every backend took part, and gives the number of failures. */
function finish(findings: Findings, absent: readonly Absent[]): number {
  const isWhole = absent.length === 0 && !isShort;
  if (isWhole) writeFileSync(join(root, "docs/conformance.md"), report(findings));
  else console.log("docs/conformance.md is left as it is: not every backend took part");
  return countFailed(findings);
}

async function main(): Promise<number> {
  const pages = join(root, "tools/browser/pages");
  const built = join(root, "tools/dist/pages");
  const page = join(built, "conformance");
  await bundleForPage({ conformance: join(pages, "conformance.ts") }, page, root);
  const entry = join(pages, "conformance-node.ts");
  const node = await bundleForNode(entry, join(built, "conformance-node"), root);
  const { backends, absent } = await findBackends({ page, node }, isShort);
  for (const { name, why } of absent) console.log(`${name}: left out, ${why}`);
  const { cases, failures, gaps } = await collect(backends[0] as Backend);
  for (const failure of failures) console.log(`Node, processor: ${failure}`);
  const path = join(root, "tools/browser/exceptions.json");
  const exceptions = JSON.parse(readFileSync(path, "utf8")) as Exception[];
  const ran: Ran[] = [];
  for (const backend of backends) {
    const one = await runAll(backend, cases, exceptions);
    ran.push(one);
    console.log(summaryOf(one, ran[0] as Ran));
  }
  return failures.length + finish({ ran, exceptions, gaps, lossTolerance }, absent);
}

process.exitCode = (await main()) === 0 ? 0 : 1;
