import { compile, exportOnnx, QuireError, record } from "@quire/tensor";
import { namedOutputs, randomInputs } from "../exported.ts";
import { ImportedSystem } from "../imported-system.ts";
import type { FileAnswer } from "../method.ts";
import { largestIn, type Outputs, outputDifference } from "../output-difference.ts";
import type { GivenFile } from "../task-answer.ts";
import { NormConversion } from "./folding.ts";
import { toldStreams, whyNone } from "./told-streams.ts";

const TO = "pre-rmsnorm";
/** So many random inputs are compared. */
const DRAWS = 3;

/**
 * Gives the model of an ONNX file RMSNorms, and says how far what it computes lies from before.
 *
 * @throws QuireError when it is no ONNX file, or has no norm that can be converted.
 */
export async function convertFile({ name, bytes }: GivenFile): Promise<FileAnswer> {
  const system = opened(name, bytes);
  const { exported } = system;
  const run = namedOutputs(exported);
  const conversion = new NormConversion(TO);
  await conversion.apply(record(run, randomInputs(exported, 0)));
  const { streams } = conversion;
  if (streams.converted.length === 0) {
    throw new QuireError(`"${name}" ${whyNone(streams.left, TO, "give another model")}`);
  }
  const { largest, largestValue } = await difference(system, conversion);
  const { inputs, outputs, metadata } = exported;
  const { model } = await exportOnnx(run, {
    ...{ inputs, outputs: Object.keys(outputs), metadata, transform: conversion },
  });
  await system.release();
  const share = (largest / largestValue).toPrecision(2);
  const text = [
    ...toldStreams(streams, TO),
    `Largest difference on ${DRAWS} calls of random inputs: ${largest.toPrecision(3)} (${share} of the largest value).`,
    `${bytes.length} bytes before, ${model.length} after.`,
  ].join("\n");
  return {
    figures: [{ kind: "text", title: `What became of ${name}`, text }],
    files: { [name.replace(/(\.onnx)?$/i, `-${TO}.onnx`)]: model },
  };
}

function opened(name: string, bytes: Uint8Array): ImportedSystem {
  try {
    return new ImportedSystem({ model: bytes });
  } catch (cause) {
    if (!(cause instanceof QuireError)) throw cause;
    throw new QuireError(`"${name}": ${cause.message}`, { cause });
  }
}

/** How far outputs lie from those of before at most, and the largest of those. */
async function difference(
  { exported }: ImportedSystem,
  transform: NormConversion,
): Promise<{ readonly largest: number; readonly largestValue: number }> {
  const run = namedOutputs(exported);
  const [plain, changed] = [compile(run), compile(run, { transform })];
  const [before, after]: [Outputs[], Outputs[]] = [[], []];
  for (let seed = 0; seed < DRAWS; seed++) {
    const inputs = randomInputs(exported, seed);
    before.push(await plain(...inputs));
    after.push(await changed(...inputs));
  }
  await Promise.all([plain.release(), changed.release()]);
  const { largest } = outputDifference(after, before);
  return { largest, largestValue: largestIn(before) };
}
