import type { Decoder } from "./decoder.ts";
import { largestFirst } from "./largest-first.ts";
import type { BeamSearch, Generated, GenerateOptions } from "./options.ts";
import { allowedTokens, penalize } from "./sampling.ts";
import { type Ends, endings } from "./stop.ts";

/** A text that is searched on: its row in the decoder, its new tokens and their log-probability. */
interface Beam {
  readonly row: number;
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/** All texts of one prompt. */
interface Search {
  readonly prompt: readonly number[];
  beams: Beam[];
  readonly finished: (Generated & { readonly score: number })[];
}

/** Beam search (Graves 2012, section 2.5): at each step the likeliest continuations of all texts kept. */
export async function searchBeams(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions & { readonly beams: BeamSearch },
): Promise<Generated[]> {
  const { width } = options.beams;
  const ends = endings(options.stop);
  const copies = prompts.flatMap((prompt) => Array.from({ length: width }, () => prompt));
  let logits = await decoder.begin(copies);
  const searches = prompts.map((prompt, i): Search => {
    const beam = { row: i * width, tokens: [], logProbability: 0 };
    return { prompt, beams: [beam], finished: [] };
  });
  for (let step = 1; step <= options.tokens; step++) {
    for (const search of searches) extend(search, logits, options, ends);
    const isOver = searches.every((search) => isSettled(search, options));
    if (isOver || step === options.tokens || options.signal?.aborted) break;
    logits = await decoder.next(...continuation(searches, width));
  }
  const reason = options.signal?.aborted ? "signal" : "length";
  return searches.map((search) => best(search, options, reason));
}

/** The likeliest continuations of a prompt's texts; those that end are put aside. */
function extend(
  search: Search,
  logits: readonly Float32Array[],
  options: GenerateOptions & { readonly beams: BeamSearch },
  ends: Ends,
): void {
  const { width } = options.beams;
  const found = search.beams.flatMap((beam) =>
    continuations(beam, logits[beam.row] as Float32Array, search.prompt, options),
  );
  found.sort((a, b) => b.logProbability - a.logProbability);
  search.beams = [];
  for (const [rank, beam] of found.entries()) {
    if (search.beams.length === width) break;
    if (!ends(beam.tokens)) search.beams.push(beam);
    else if (rank < width) search.finished.push(generated(beam, options.beams, "stop"));
  }
}

/** The likeliest texts of one more token; enough that as many stay if every other one ends. */
function continuations(
  { row, tokens, logProbability }: Beam,
  logits: Float32Array,
  prompt: readonly number[],
  { beams, filter, sampling }: GenerateOptions & { readonly beams: BeamSearch },
): Beam[] {
  const text = [...prompt, ...tokens];
  const norm = logSum(logits);
  const logs = logits.map((logit) => logit - norm);
  const penalty = sampling?.repetitionPenalty ?? 1;
  if (penalty !== 1) penalize(logs, text, penalty);
  const candidates = allowedTokens(logs, text, filter) ?? Int32Array.from(logs, (_, i) => i);
  const found: Beam[] = [];
  for (const token of largestFirst(logs, candidates)) {
    const next = logProbability + (logs[token] as number);
    found.push({ row, tokens: [...tokens, token], logProbability: next });
    if (found.length === 2 * beams.width) break;
  }
  return found;
}

function logSum(logits: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > top) top = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return top + Math.log(sum);
}

/** The tokens to read next and the rows they go on from; a search with fewer texts than rows repeats its first. */
function continuation(
  searches: readonly Search[],
  width: number,
): [tokens: number[], from: number[]] {
  const beams = searches.flatMap(({ beams }, i) =>
    Array.from({ length: width }, (_, k): Beam => {
      const spare = { row: i * width, tokens: [0], logProbability: 0 };
      return beams[k] ?? beams[0] ?? spare;
    }),
  );
  searches.forEach((search, i) => {
    search.beams = search.beams.map((beam, k) => ({ ...beam, row: i * width + k }));
  });
  return [beams.map(({ tokens }) => tokens.at(-1) as number), beams.map(({ row }) => row)];
}

/** Whether no text that goes on can still become one of the best; log-probabilities only fall. */
function isSettled(
  { beams, finished }: Search,
  { beams: { width, lengthPenalty = 1 }, tokens }: GenerateOptions & { readonly beams: BeamSearch },
): boolean {
  const [first] = beams;
  if (!first) return true;
  if (finished.length < width) return false;
  const longest = lengthPenalty > 0 ? tokens : first.tokens.length;
  const bound = first.logProbability / longest ** lengthPenalty;
  return finished.every(({ score }) => score >= bound);
}

function generated(
  { tokens, logProbability }: Beam,
  { lengthPenalty = 1 }: BeamSearch,
  reason: Generated["reason"],
): Generated & { readonly score: number } {
  return { tokens, reason, score: logProbability / tokens.length ** lengthPenalty };
}

function best(
  { beams, finished }: Search,
  options: GenerateOptions & { readonly beams: BeamSearch },
  reason: Generated["reason"],
): Generated {
  const open = beams.map((beam) => generated(beam, options.beams, reason));
  const all = [...finished, ...open].sort((a, b) => b.score - a.score);
  return all[0] as Generated;
}
