/** Measures the smallest training step in Chromium, on WebAssembly, beside its peers: `npm run bench:web`. */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ask, asked } from "./backends.ts";
import { bundleForPage } from "./bundle.ts";
import { findChromium, withPage } from "./chromium.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const peers = ["ours", "tfjs", "jax-js"];
const warmup = 3;
const rounds = 4;
/** Timed steps a round. */
const steps: Readonly<Record<string, number>> = { ours: 5, tfjs: 3, "jax-js": 3 };
/** Our step may take this share of the better peer's. */
const target = 0.5;
/** A peer whose losses differ by more computes something else. */
const tolerance = 1e-3;

interface Measured {
  readonly peer: string;
  readonly threads: boolean;
  readonly losses: readonly number[];
  readonly milliseconds: readonly number[];
}

async function bundle(): Promise<string> {
  const folder = join(root, "tools/dist/pages/bench");
  const web = join(root, "bench/web");
  const entries = Object.fromEntries(peers.map((peer) => [peer, join(web, `${peer}.ts`)]));
  await bundleForPage(entries, folder, root, { "./peer.ts": join(web, "peer.ts") });
  const kernels = join(root, "bench/node_modules/@tensorflow/tfjs-backend-wasm/dist");
  mkdirSync(join(folder, "tfjs"));
  for (const name of readdirSync(kernels).filter((file) => file.endsWith(".wasm"))) {
    cpSync(join(kernels, name), join(folder, "tfjs", name));
  }
  return folder;
}

/** Opens every peer's page, one inside the other, and then has them measure in turn. */
async function measure(chromium: string, folder: string, threads: boolean): Promise<Measured[]> {
  const open = (left: readonly string[], opened: ReadonlyMap<string, Ask>): Promise<Measured[]> => {
    const [peer, ...rest] = left;
    if (peer === undefined) return inTurn(opened, threads);
    return withPage(chromium, { folder, entry: `${peer}.js`, isolated: threads }, (page) =>
      open(rest, new Map([...opened, [peer, (...call) => asked(page, call)]])),
    );
  };
  return await open(peers, new Map());
}

async function inTurn(opened: ReadonlyMap<string, Ask>, threads: boolean): Promise<Measured[]> {
  const losses = new Map<string, readonly number[]>();
  const times = new Map<string, number[]>(peers.map((peer) => [peer, []]));
  for (const [peer, ask] of opened) {
    losses.set(peer, (await ask<{ losses: number[] }>("begin", warmup)).losses);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [peer, ask] of opened) {
      times.get(peer)?.push(...(await ask<number[]>("round", steps[peer])));
    }
  }
  return peers.map((peer) => ({
    peer,
    threads,
    losses: losses.get(peer) ?? [],
    milliseconds: times.get(peer) ?? [],
  }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

/** Prints a setting's medians; gives our share of the better peer's time. */
function print(measured: readonly Measured[]): number {
  const [ours, ...others] = measured as [Measured, ...Measured[]];
  for (const { peer, threads, losses, milliseconds } of measured) {
    const off = Math.max(...losses.map((loss, i) => Math.abs(loss - (ours.losses[i] ?? 0))));
    const same = off <= tolerance ? "" : `; its losses differ by ${off}`;
    const range = `${Math.min(...milliseconds).toFixed(0)} to ${Math.max(...milliseconds).toFixed(0)}`;
    const setting = threads ? "threads on" : "threads off";
    console.log(`${setting}, ${peer}: ${median(milliseconds).toFixed(0)} ms (${range})${same}`);
  }
  const best = Math.min(...others.map(({ milliseconds }) => median(milliseconds)));
  const share = median(ours.milliseconds) / best;
  console.log(
    `ours takes ${share.toFixed(2)} of the better peer's time; at most ${target} is wanted`,
  );
  return share;
}

async function main(): Promise<number> {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error("There is no Chromium (Debian: chromium).");
  if (!existsSync(join(root, "bench/node_modules"))) {
    throw new Error("The peers are not installed: run `npm run bench:setup`.");
  }
  const folder = await bundle();
  const all: Measured[] = [];
  const shares: number[] = [];
  for (const threads of [false, true]) {
    const measured = await measure(chromium, folder, threads);
    shares.push(print(measured));
    all.push(...measured);
  }
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads`;
  const text = JSON.stringify({ machine, warmup, rounds, measured: all }, null, 2);
  writeFileSync(join(root, "bench/results/web.json"), `${text}\n`);
  return shares.every((share) => share <= target) ? 0 : 1;
}

process.exitCode = await main();
