import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import type { Absent } from "./process.ts";
import type { Size } from "./size.ts";
import { flops, sizes } from "./size.ts";
import type { Spread } from "./statistics.ts";

/** One peer's numbers at one size. */
export interface Entry {
  readonly name: string;
  readonly about: string;
  readonly losses: readonly number[];
  readonly agrees: boolean;
  readonly milliseconds: Spread;
  readonly outside?: Spread;
  readonly peakMegabytes: number;
}

/** All numbers of one size. */
export interface Result {
  readonly size: Size;
  readonly absent: readonly Absent[];
  readonly measured: readonly Entry[];
}

/** The targets: the most that our time may be of a peer's, by the start of the peer's name. */
const limits = [
  { peer: "PyTorch", most: 1, largest: 0.9 },
  { peer: "jax-js", most: 0.25, largest: 0.25 },
  { peer: "TensorFlow.js", most: 0.15, largest: 0.15 },
];

/** Processor, cores, Node version and commit, in one line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" });
  const cores = `${availableParallelism()} cores`;
  return [model, cores, `Node ${process.version}`, `commit ${commit.trim()}`].join(", ");
}

/** The table of one size. */
export function report({ size, absent, measured }: Result): string {
  const ours = measured.find((entry) => entry.name === "Quire");
  const peers = measured.filter((entry) => entry.name !== "product");
  return [
    "",
    `width ${size.width}, layers ${size.layers}, heads ${size.heads}, length ${size.length}, ` +
      `batch ${size.batch}, vocabulary ${size.vocabulary}: ${giga(flops(size))} GFLOP a step`,
    row(["", "median ms", "quartiles", "peak MB", "ours / it", "first losses"]),
    ...peers.map((entry) => row(cells(entry, ours))),
    ...absent.map(({ peer, reason }) => `${peer.name}: absent (${reason})`),
    ...rateLines(size, measured, ours),
  ].join("\n");
}

function cells(entry: Entry, ours: Entry | undefined): string[] {
  const { median, low, high } = entry.milliseconds;
  const ratio = ours === undefined ? "" : (ours.milliseconds.median / median).toFixed(2);
  const losses = entry.losses.map((loss) => loss.toFixed(4)).join(" ");
  return [
    entry.name,
    median.toFixed(1),
    `${low.toFixed(1)} to ${high.toFixed(1)}`,
    entry.peakMegabytes.toFixed(0),
    ratio,
    entry.agrees ? losses : `${losses} (differs: no peer)`,
  ];
}

const widths = [23, 11, 20, 9, 11, 0];

function row(texts: readonly string[]): string {
  return texts
    .map((text, at) => text.padEnd(widths[at]!))
    .join("")
    .trimEnd();
}

function rateLines(size: Size, measured: readonly Entry[], ours: Entry | undefined): string[] {
  const product = productRate(measured);
  if (product === undefined) return [];
  const lines = [`ONNX Runtime's product of 1024 x 1024 matrices: ${giga(product)} GFLOP/s`];
  if (ours === undefined) return lines;
  const rate = stepRate(size, ours);
  lines.push(`our step: ${giga(rate)} GFLOP/s, ${percent(rate / product)} of that`);
  if (ours.outside !== undefined) {
    const share = ours.outside.median / ours.milliseconds.median;
    lines.push(`our step outside session.run: ${percent(share)}`);
  }
  return lines;
}

/** What ONNX Runtime's product reaches, in operations a second. */
function productRate(measured: readonly Entry[]): number | undefined {
  const product = measured.find((entry) => entry.name === "product");
  return product && (2 * 1024 ** 3) / (product.milliseconds.median / 1e3);
}

function stepRate(size: Size, ours: Entry): number {
  return flops(size) / (ours.milliseconds.median / 1e3);
}

const giga = (value: number) => (value / 1e9).toFixed(1);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** Every target, and whether this run holds it. */
export function summary(results: readonly Result[]): string {
  const lines = results.flatMap((result) => [
    ...ratioLines(result, result.size === sizes.at(-1)),
    ...(result.size === sizes[0] ? outsideLine(result) : []),
    ...(result.size === sizes.at(-1) ? shareLine(result) : []),
  ]);
  return ["", lines.length > 0 ? "Targets" : "Targets: Quire is absent", ...lines].join("\n");
}

function ratioLines({ size, measured }: Result, largest: boolean): string[] {
  const ours = measured.find((entry) => entry.name === "Quire");
  if (ours === undefined) return [];
  return limits.flatMap((limit) => {
    const times = measured
      .filter((entry) => entry.name.startsWith(limit.peer) && entry.agrees)
      .map((entry) => entry.milliseconds.median);
    if (times.length === 0) return [];
    const most = largest ? limit.largest : limit.most;
    const ratio = ours.milliseconds.median / Math.min(...times);
    const text = `width ${size.width}, ours / ${limit.peer}: ${ratio.toFixed(2)}, at most ${most}`;
    return [verdict(text, ratio <= most)];
  });
}

function outsideLine({ measured }: Result): string[] {
  const ours = measured.find((entry) => entry.name === "Quire");
  if (ours?.outside === undefined) return [];
  const share = ours.outside.median / ours.milliseconds.median;
  return [
    verdict(`smallest step outside session.run: ${percent(share)}, at most 10 %`, share <= 0.1),
  ];
}

function shareLine({ size, measured }: Result): string[] {
  const ours = measured.find((entry) => entry.name === "Quire");
  const product = productRate(measured);
  if (ours === undefined || product === undefined) return [];
  const share = stepRate(size, ours) / product;
  const text = `largest step's share of the product rate: ${percent(share)}, at least 85 %`;
  return [verdict(text, share >= 0.85)];
}

function verdict(text: string, holds: boolean): string {
  return `${holds ? "holds  " : "MISSED "} ${text}`;
}
