import { NormConversion } from "@quire/papers/pre-rmsnorm/folding";
import type { FoundNorm, NormKind } from "@quire/papers/pre-rmsnorm/found-norms";
import type { Streams } from "@quire/papers/pre-rmsnorm/streams";
import { record, type Tensor } from "@quire/tensor";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { metricText } from "../metric-text.ts";
import { count, percent } from "../numbers.ts";
import { choice, required } from "../option.ts";
import { chained } from "../subject/chained.ts";
import { checkPlace, derivedOptions, writeChanged } from "../subject/derive.ts";
import { randomInputs } from "../subject/examples.ts";
import { type Proof, proofOf, type Size } from "../subject/proof.ts";
import { openSubject, type Subject, subjectArgument, subjectOptions } from "../subject/subject.ts";
import { table } from "../table.ts";

const METHOD = "pre-rmsnorm";

/** What the kinds of norms are called. */
const titles = {
  "pre-ln": "LayerNorm",
  "pre-rmsnorm": "RMSNorm",
  "pre-crmsnorm": "CRMSNorm",
} as const satisfies Record<NormKind, string>;

/** Gives a trained model other norms that compute the same. */
export const convertCommand = command({
  name: "convert",
  summary: "Give a trained model cheaper norms that compute the same, and prove it",
  arguments: [subjectArgument],
  options: {
    to: required(
      choice(
        "The norms: without the mean, without the mean and the last value of each vector, or LayerNorm again",
        ["pre-rmsnorm", "pre-crmsnorm", "pre-ln"],
      ),
    ),
    ...subjectOptions,
    ...derivedOptions,
  },
  examples: [
    "quire convert lightning-1 --to pre-rmsnorm",
    "quire convert runs/cct-1 --to pre-crmsnorm --name compact",
    "quire convert gpt2.onnx --to pre-rmsnorm --data tokens.safetensors --out gpt2-rms.onnx",
  ],
  run: async ([given = ""], { to, name, out, ...options }, { console, words }) => {
    const { seed } = options;
    const subject = await openSubject(given, options, { seed, console });
    await checkPlace(subject, { name, out });
    const conversion = new NormConversion(to);
    const streams = await streamsIn(subject, conversion, seed);
    requireSome(subject, streams, to);
    const transform = chained(subject.compile.transform, conversion);
    const progress = console.progress("comparing");
    const after = transform ? { transform } : {};
    const proof = await proofOf(subject, after, seed).finally(progress.finish);
    const changed = { method: METHOD, options: { to }, system: subject.system, words };
    const place = { name, out };
    const written = await writeChanged(subject, place, {
      ...{ ...changed, transform: conversion, suffix: to },
    });
    await subject.system.release();
    console.print(report(streams, proof, to, written));
    const norms = streams.converted.reduce((sum, one) => sum + one.norms.length, 0);
    const left = streams.left.map(({ norm, why }) => ({ norm: placeOf(norm), why }));
    console.result({ written, to, norms, left, ...proof });
  },
});

/** What becomes of the norms of a model. */
async function streamsIn(
  { system: { exported }, compile }: Subject,
  conversion: NormConversion,
  seed: number,
): Promise<Streams> {
  const recording = record(
    (...inputs: Tensor[]) => exported.run(...inputs),
    randomInputs(exported, seed),
  );
  const before = compile.transform ? await compile.transform.apply(recording) : recording;
  await conversion.apply(before);
  return conversion.streams;
}

function requireSome({ name }: Subject, { converted, left }: Streams, to: NormKind): void {
  if (converted.length > 0) return;
  const [first] = left;
  if (!first) {
    throw new UsageError(
      `"${name}" has no norms but ${titles[to]} already, if it has any: choose another --to, or another model.`,
    );
  }
  const all = left.length > 1 ? `none of its ${left.length} norms can` : "its norm cannot";
  throw new UsageError(
    `"${name}" stays as it is, ${all} become ${titles[to]}: ${placeOf(first.norm)}: ${first.why}; ` +
      "give a model whose norms stand before its blocks (Pre-LN).",
  );
}

function placeOf({ output: { node } }: FoundNorm): string {
  return node.path === "" ? `a norm of ${output(node.outputs[0]?.shape ?? [])}` : node.path;
}

function output(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

function report(streams: Streams, proof: Proof, to: NormKind, written: string): string {
  const norms = streams.converted.reduce((sum, one) => sum + one.norms.length, 0);
  const entries = streams.converted.reduce((sum, one) => sum + one.entries.size, 0);
  const centred = `; ${entries} values that no weights make are centred on their way in`;
  const left = groupedByReason(streams).map(
    ([why, places]) =>
      `Left as ${places.length === 1 ? "it is" : "they are"}: ${places.join(", ")}: ${why}.`,
  );
  const columns = [
    { title: "" },
    { title: "before", align: "right" } as const,
    { title: "after", align: "right" } as const,
    { title: "after / before", align: "right" } as const,
  ];
  const row = (what: string, pick: (size: Size) => number, text: (value: number) => string) => [
    ...[what, text(pick(proof.before)), text(pick(proof.after))],
    percent(pick(proof.after) / pick(proof.before)),
  ];
  const rows = [
    row("weights", ({ weights }) => weights, count),
    row("bytes of the file", ({ bytes }) => bytes, count),
    row(
      "milliseconds a call",
      ({ milliseconds }) => milliseconds,
      (value) => value.toFixed(3),
    ),
  ];
  const differences = proof.differences.map(({ inputs, calls, largest, largestValue }) => {
    const share = metricText(largest / largestValue, "number");
    return `Largest difference on ${calls} calls of ${inputs} inputs: ${metricText(largest, "number")} (${share} of the largest value).`;
  });
  const first = streams.converted.length > 0 ? `${norms} norms are ${titles[to]} now` : "";
  return [
    `${first}${entries > 0 ? centred : ""}.`,
    ...left,
    table(columns, rows),
    ...differences,
    `Wrote ${written}.`,
  ].join("\n");
}

/** Norms that stay, by the reason. */
function groupedByReason({ left }: Streams): [why: string, places: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { norm, why } of left) groups.set(why, [...(groups.get(why) ?? []), placeOf(norm)]);
  return [...groups];
}
