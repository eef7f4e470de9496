/** Measures tokens a second of a GPT-2-sized model, ours in several precisions and transformers.js: see README.md. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../step/report.ts";
import { type Spread, spread } from "../step/statistics.ts";
import { size } from "./gpt.ts";
import type { Measured } from "./worker.ts";

interface Peer {
  readonly name: string;
  readonly file: string;
  readonly argument: string;
}

interface Result {
  readonly name: string;
  readonly tokensASecond: Spread;
  readonly firstMilliseconds: number;
  readonly peakMegabytes: number;
  /** How many tokens are those of transformers.js. */
  readonly same: number;
}

/** The least that our float32 tokens a second may be of the peer's. */
const least = 1.2;
const peer = "transformers.js float32";

const compiled = dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "5" } },
});
const rounds = Number(flags.rounds);

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a measured process ended with ${String(code)}`);
  });
  const message = once(child, "message").then(([value]) => value as unknown);
  return await Promise.race([message, ended]);
}

/** Every peer generates one text a round, in turn; a different one begins each round. */
async function measure(peers: readonly Peer[]): Promise<Result[]> {
  const running: (Peer & { readonly child: ChildProcess; readonly seen: Measured[] })[] = [];
  for (const one of peers) {
    const child = fork(join(compiled, one.file), [one.argument]);
    await answer(child);
    child.send("warm up");
    await answer(child);
    running.push({ ...one, child, seen: [] });
  }
  for (let round = 0; round < rounds; round++) {
    const first = round % running.length;
    for (const one of [...running.slice(first), ...running.slice(0, first)]) {
      one.child.send("generate");
      one.seen.push((await answer(one.child)) as Measured);
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  for (const { child } of running) child.disconnect();
  const reference = running.find(({ name }) => name === peer)?.seen[0]?.tokens ?? [];
  return running.map(({ name, seen }) => ({
    name,
    tokensASecond: spread(seen.map(({ milliseconds }) => (1000 * size.tokens) / milliseconds)),
    firstMilliseconds: spread(seen.map(({ first }) => first)).median,
    peakMegabytes: Math.max(...seen.map(({ peakMegabytes }) => peakMegabytes)),
    same: (seen[0]?.tokens ?? []).filter((token, i) => token === reference[i]).length,
  }));
}

function report(results: readonly Result[]): string {
  const rows = results.map(({ name, tokensASecond, firstMilliseconds, peakMegabytes, same }) => {
    const { median, low, high } = tokensASecond;
    const quartiles = `${low.toFixed(1)} to ${high.toFixed(1)}`;
    const cells = [name, median.toFixed(1), quartiles, firstMilliseconds.toFixed(0)];
    return [...cells, peakMegabytes.toFixed(0), `${same} of ${size.tokens}`];
  });
  const titles = ["", "tokens/s", "quartiles", "first ms", "peak MB", "same tokens"];
  const widths = [26, 10, 18, 10, 9, 0];
  return [titles, ...rows]
    .map((row) => row.map((text, at) => text.padEnd(widths[at]!)).join(""))
    .join("\n");
}

function verdict(results: readonly Result[]): string {
  const of = (name: string) => results.find((result) => result.name === name);
  const [ours, theirs] = [of("Quire float32"), of(peer)];
  if (!ours || !theirs) return "Target: not measured";
  const ratio = ours.tokensASecond.median / theirs.tokensASecond.median;
  const word = ratio >= least ? "holds  " : "MISSED ";
  return `${word} Quire float32 / ${peer}: ${ratio.toFixed(2)}, at least ${least}`;
}

const folder = await mkdtemp(join(tmpdir(), "quire-gpt-"));
try {
  const ours = ["float32", "int8", "int8-blocks", "int4"].map((precision) => {
    return { name: `Quire ${precision}`, file: "ours.js", argument: precision };
  });
  const all: Peer[] = [...ours, { name: peer, file: "transformers.js", argument: folder }];
  const beginnings = flags.only?.split(",");
  const chosen = all.filter(
    ({ name }) => beginnings?.some((start) => name.startsWith(start)) ?? true,
  );
  if (chosen.some(({ name }) => name === peer)) {
    execFileSync(process.execPath, [join(compiled, "export.js"), folder], { stdio: "inherit" });
  }
  console.log(machine());
  const results = await measure(chosen);
  console.log(`${report(results)}\n\n${verdict(results)}`);
  const out = join(compiled, "../../results");
  await mkdir(out, { recursive: true });
  const written = { machine: machine(), size, results };
  await writeFile(join(out, "generate.json"), `${JSON.stringify(written, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
