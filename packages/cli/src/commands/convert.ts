import { randomInputs } from "@quire/papers/exported";
import { NormConversion } from "@quire/papers/pre-rmsnorm/folding";
import type { NormKind } from "@quire/papers/pre-rmsnorm/found-norms";
import type { Streams } from "@quire/papers/pre-rmsnorm/streams";
import { placeOf, toldStreams, whyNone } from "@quire/papers/pre-rmsnorm/told-streams";
import { record, type Tensor } from "@quire/tensor";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { metricText } from "../metric-text.ts";
import { count, percent } from "../numbers.ts";
import { choice, required } from "../option.ts";
import { chained } from "../subject/chained.ts";
import { checkPlace, derivedOptions, writeChanged } from "../subject/derive.ts";
import { type Proof, proofOf, type Size } from "../subject/proof.ts";
import { openSubject, type Subject, subjectArgument, subjectOptions } from "../subject/subject.ts";
import { table } from "../table.ts";

const METHOD = "pre-rmsnorm";

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
  throw new UsageError(`"${name}" ${whyNone(left, to, "choose another --to, or another model")}`);
}

function report(streams: Streams, proof: Proof, to: NormKind, written: string): string {
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
  return [
    ...toldStreams(streams, to),
    table(columns, rows),
    ...differences,
    `Wrote ${written}.`,
  ].join("\n");
}
