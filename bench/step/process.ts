import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import type { Measured, Ready, Round, Setup } from "./peer.ts";

/** How a peer is started, and how many of the timed steps it takes a round. */
export interface Peer {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly pace: "fast" | "slow";
}

/** A peer's process, which answers one message at a time and sleeps between them. */
export interface Running {
  readonly peer: Peer;
  readonly ready: Ready;
  readonly round: (message: Round) => Promise<Measured>;
  readonly stop: () => void;
}

/** A peer that could not take part, and why. */
export interface Absent {
  readonly peer: Peer;
  readonly reason: string;
}

/** Settings of the surroundings that would slow a peer down, or make it spin while it waits. */
const cleared = /^(OPENBLAS|GOTO|OMP|GOMP|KMP|MKL)_/;

/** Starts a peer and hands it the setup; says why if the peer ends instead of answering. */
export async function startPeer(peer: Peer, setup: Setup): Promise<Running | Absent> {
  const [command, ...words] = peer.command;
  const kept = Object.entries(process.env).filter(([name]) => !cleared.test(name));
  const env = { ...Object.fromEntries(kept), ...peer.environment };
  const child = spawn(command!, words, { env, stdio: ["pipe", "pipe", "pipe"] });
  const ask = conversation(child);
  try {
    const ready = await ask<Ready>(setup);
    return { peer, ready, round: (message) => ask(message), stop: () => child.kill() };
  } catch (error) {
    return { peer, reason: error instanceof Error ? error.message : String(error) };
  }
}

function conversation(child: ChildProcess): <T>(message: unknown) => Promise<T> {
  let complaint = "";
  child.stderr!.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-4000);
  });
  child.stdin!.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", () => reject(new Error(reasonIn(complaint))));
  });
  failed.catch(() => undefined);
  return async <T>(message: unknown) => {
    child.stdin!.write(`${JSON.stringify(message)}\n`);
    const line = await Promise.race([lines.next().then((next) => next.value ?? failed), failed]);
    return JSON.parse(line as string) as T;
  };
}

/** The line of an interpreter's complaint that names the error. */
function reasonIn(complaint: string): string {
  const lines = complaint.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /^\w*(Error|Exception)\b/.test(text)) ?? lines.at(-1);
  // Where a missing package was wanted says nothing that "missing" does not.
  return line?.replace(/ imported from .*$/, "") ?? "it ended";
}

/** The first Python that has PyTorch; QUIRE_PYTHON names another. */
function python(): string {
  const candidates = [process.env["QUIRE_PYTHON"], "python3", "/usr/bin/python3"];
  const found = candidates.find(
    (command) => command !== undefined && spawnSync(command, ["-c", "import torch"]).status === 0,
  );
  return found ?? "python3";
}

/** Everything that is measured: ours first, then the peers, then the limit. */
export function peers(folder: string, sources: string): Peer[] {
  const node = (name: string, file: string, pace: Peer["pace"]): Peer => ({
    name,
    command: [process.execPath, `${folder}/${file}`],
    pace,
  });
  const interpreter = python();
  const threads = { OMP_NUM_THREADS: String(availableParallelism()) };
  // Memory that is kept between steps saves PyTorch a few percent of page faults.
  const kept = { MALLOC_TRIM_THRESHOLD_: "4000000000", MALLOC_MMAP_THRESHOLD_: "4000000000" };
  const torch = (name: string, environment: Record<string, string>): Peer => ({
    name,
    command: [interpreter, "-B", `${sources}/pytorch.py`],
    environment: { ...threads, ...kept, ...environment },
    pace: "fast",
  });
  return [
    node("Quire", "ours.js", "fast"),
    torch("PyTorch, passive wait", { OMP_WAIT_POLICY: "passive" }),
    torch("PyTorch, short spin", {}),
    node("jax-js", "jax-js.js", "slow"),
    node("TensorFlow.js", "tfjs.js", "slow"),
    node("product", "product.js", "fast"),
  ];
}
