/** Runs every operation against its references wherever there is a runtime: `npm run conformance`. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Absent, type Ask, type Backend, findBackends } from "./backends.ts";
import { bundleForNode, bundleForPage } from "./bundle.ts";
import {
  type Case,
  type Exception,
  exceptionFor,
  type Findings,
  type KernelGap,
  type Outcome,
  type Ran,
  report,
  type Verdict,
  verdictOf,
} from "./conformance-report.ts";
import { inTime } from "./in-time.ts";
import { shortForm } from "./short-form.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
/**
 * `--short` is for machines that test every change: it leaves out WebGPU in Node, most cases of WebGPU in a page and
 * most steps, for the software adapter is slow. `--out FILE` writes what came out for programs too.
 */
const { values: options } = parseArgs({
  options: { short: { type: "boolean", default: false }, out: { type: "string" } },
});
const isShort = options.short;
const steps = isShort ? 3 : 10;
/** Cases a call: what runs far too long is then known to be stuck. */
const portion = 50;
/** The longest that a portion, or the training, may take. */
const patience = isShort ? 120_000 : 300_000;
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
function answered<T>({ name, use }: Backend, task: (ask: Ask) => Promise<T>): Promise<T> {
  const complaint = `${name} gives no answer in ${patience / 1000} s`;
  return use((ask) => inTime(task(ask), patience, complaint));
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
  const ended = (): Ran => {
    const seconds = (performance.now() - began) / 1000;
    return { backend: backend.name, outcomes, skipped, losses: [], seconds };
  };
  try {
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
    return { ...ended(), losses };
  } catch (error) {
    const [failure = ""] = (error as Error).message.split("\n");
    return { ...ended(), failure };
  }
}

/** The cases that a backend runs: in the short form WebGPU, which is slow on a software adapter, runs few. */
function casesFor(backend: Backend, cases: Collected["cases"]): Collected["cases"] {
  if (!isShort || backend.device === "cpu") return cases;
  return new Map(
    [...cases].map(([family, all]) => [
      family,
      shortForm(all.map(({ stored }) => stored)).map((stored) => ({ stored })),
    ]),
  );
}

/** Writes the document where every backend took part in full. */
function finish(findings: Findings, absent: readonly Absent[]): void {
  const hasBroken = findings.ran.some(({ failure }) => failure !== undefined);
  const isWhole = absent.length === 0 && !isShort && !hasBroken;
  if (isWhole) writeFileSync(join(root, "docs/conformance.md"), report(findings));
  else console.log("docs/conformance.md is left as it is: not every backend took part in full");
}

/** Says how a backend came out, its failures one a line. */
function say({ backend, text, failures }: Verdict): void {
  console.log([`${backend}: ${text}`, ...failures].join("\n  "));
}

/** Bundles the suite and looks where it can run. */
async function findPlaces(): ReturnType<typeof findBackends> {
  const pages = join(root, "tools/browser/pages");
  const built = join(root, "tools/dist/pages");
  const page = join(built, "conformance");
  await bundleForPage({ conformance: join(pages, "conformance.ts") }, page, root);
  const entry = join(pages, "conformance-node.ts");
  const node = await bundleForNode(entry, join(built, "conformance-node"), root);
  return findBackends({ page, node }, isShort);
}

/** Runs the suite everywhere; gives what came out, for the option `--out FILE` too. */
async function main(): Promise<Verdict[]> {
  const { backends, absent } = await findPlaces();
  const verdicts = absent.map(({ name, why }): Verdict => {
    return { backend: name, state: "skipped", text: `left out, ${why}`, failures: [] };
  });
  verdicts.forEach(say);
  const { cases, failures, gaps } = await collect(backends[0] as Backend);
  const path = join(root, "tools/browser/exceptions.json");
  const exceptions = JSON.parse(readFileSync(path, "utf8")) as Exception[];
  const ran: Ran[] = [];
  for (const backend of backends) {
    const one = await runAll(backend, casesFor(backend, cases), exceptions);
    ran.push(one);
    const verdict = verdictOf(one, ran[0] as Ran, lossTolerance);
    say(verdict);
    verdicts.push(verdict);
  }
  finish({ ran, exceptions, gaps, lossTolerance }, absent);
  if (failures.length === 0) return verdicts;
  const probes: Verdict = {
    backend: "Node, processor",
    state: "failed",
    text: "other dtypes than the stored ones",
    failures,
  };
  say(probes);
  return [...verdicts, probes];
}

const verdicts = await main();
if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(verdicts, null, 2));
// What hangs, and a browser that hangs with it, ends here.
process.exit(verdicts.some(({ state }) => state === "failed") ? 1 : 0);
