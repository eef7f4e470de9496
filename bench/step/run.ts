/** Measures the GPT training step of every size over the peers that are there: see README.md. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Measured } from "./peer.ts";
import type { Absent, Running } from "./process.ts";
import { peers, startPeer } from "./process.ts";
import type { Result } from "./report.ts";
import { machine, report, summary } from "./report.ts";
import { writeSetup } from "./setup.ts";
import type { Size } from "./size.ts";
import { sizes } from "./size.ts";
import { spread } from "./statistics.ts";

const warmup = 5;
/** Timed steps a round, by size from the smallest, for peers of each pace. */
const steps = { fast: [20, 10, 4], slow: [3, 2, 1] };
/** How long a peer may take to fall asleep before the next one is timed. */
const settle = 100;
/** A peer whose losses differ by more computes something else. */
const tolerance = 1e-3;

async function measure(size: Size, index: number): Promise<Result> {
  const { setup, remove } = await writeSetup(size, warmup);
  const here: Running[] = [];
  const absent: Absent[] = [];
  for (const peer of peers(compiled, sources).filter(isChosen)) {
    const started = await startPeer(peer, setup);
    if ("ready" in started) here.push(started);
    else absent.push(started);
  }
  const answers = new Map<Running, Measured[]>(here.map((running) => [running, []]));
  for (let round = 0; round < rounds; round++) {
    // A different peer begins each round, so that none always follows the same other.
    for (const running of [
      ...here.slice(round % here.length),
      ...here.slice(0, round % here.length),
    ]) {
      await new Promise((done) => setTimeout(done, settle));
      const message = { round, steps: steps[running.peer.pace][index]! };
      answers.get(running)!.push(await running.round(message));
    }
    process.stderr.write(`width ${size.width}: round ${round + 1} of ${rounds}\n`);
  }
  for (const running of here) running.stop();
  await remove();
  return { size, absent, measured: summarise(here, answers) };
}

/** Whether `--only` lets a peer take part: it lists the beginnings of names. */
function isChosen({ name }: { readonly name: string }): boolean {
  const beginnings = flags.only?.split(",");
  return beginnings?.some((beginning) => name.startsWith(beginning)) ?? true;
}

function summarise(here: readonly Running[], answers: ReadonlyMap<Running, Measured[]>) {
  const reference = here.find(({ peer }) => peer.name.startsWith("PyTorch")) ?? here[0]!;
  return here.map((running) => {
    const { peer, ready } = running;
    const seen = answers.get(running)!;
    const outside = seen.flatMap((answer) => answer.outside ?? []);
    const off = ready.losses.map((loss, at) => Math.abs(loss - reference.ready.losses[at]!));
    return {
      name: peer.name,
      about: ready.about,
      losses: ready.losses,
      agrees: peer.name === "product" || Math.max(...off) <= tolerance,
      milliseconds: spread(seen.flatMap((answer) => answer.milliseconds)),
      ...(outside.length > 0 ? { outside: spread(outside) } : {}),
      peakMegabytes: Math.max(...seen.map((answer) => answer.peakMegabytes)),
    };
  });
}

const compiled = dirname(fileURLToPath(import.meta.url));
const bench = join(compiled, "../..");
const sources = join(bench, "step");
const { values: flags, positionals } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "6" } },
  allowPositionals: true,
});
const chosen = positionals.map(Number);
const rounds = Number(flags.rounds);

console.log(machine());
const results: Result[] = [];
for (const [index, size] of sizes.entries()) {
  if (chosen.length > 0 && !chosen.includes(size.width)) continue;
  const result = await measure(size, index);
  results.push(result);
  console.log(report(result));
}
console.log(summary(results));
await mkdir(join(bench, "results"), { recursive: true });
const written = { machine: machine(), rounds, results };
await writeFile(join(bench, "results/step.json"), `${JSON.stringify(written, null, 2)}\n`);
