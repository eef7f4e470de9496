import { characterTokenizer } from "@quire/data";
import { initialize } from "@quire/nn";
import { compile, hostTensor, Random, type Tensor } from "@quire/tensor";
import { adamW, cosine, crossEntropy } from "@quire/train";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import { LanguageModelSystem } from "../tasks/language-model.ts";
import { build, type TransNormer } from "./model.ts";
import { paper } from "./paper.ts";

const STEPS = 150;
const SHOWN = 25;
const [rows, length] = [16, 64];

const subjects = ["the cat", "a dog", "my friend", "the old king", "a small bird"];
const verbs = ["sees", "follows", "likes", "finds", "forgets"];
const places = ["in the garden", "by the river", "at night", "under the roof"];

/** Sentences of a small grammar, which a model can learn within seconds. */
function sentences(count: number, random: Random): string {
  const one = (words: readonly string[]): string =>
    words[Math.floor(words.length * random.uniform())] as string;
  return Array.from(
    { length: count },
    () => `${one(subjects)} ${one(verbs)} ${one(subjects)} ${one(places)}.\n`,
  ).join("");
}

/** A small TransNormerLLM that learns to write sentences, and how fast its heads forget. */
export const demonstration: Demonstration = {
  title: "A language model that keeps a sum instead of the text",
  summary:
    "It learns the letters of simple sentences. Every head keeps one sum of what it has read, in which the past fades " +
    "at a rate of its own; a block is read at once, and the sum carries over.",
  controls: {
    heads: {
      setting: { kind: "whole", summary: "Heads, each with a rate of its own", from: 1, to: 8 },
      initial: 4,
    },
    block: {
      setting: { kind: "whole", summary: "Tokens of a block", from: 1, to: 64 },
      initial: 16,
    },
    temperature: {
      setting: { kind: "number", summary: "How wildly it writes", from: 0, to: 2 },
      initial: 0.5,
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void> {
  const random = new Random(seed);
  const text = sentences(400, random);
  const tokenizer = characterTokenizer([text]);
  const tokens = tokenizer.encode(text);
  const heads = Number(values["heads"]);
  const options = {
    ...{ width: 16 * heads, depth: 2, heads, feedForward: 96 },
    attention: { block: Number(values["block"]) },
  };
  const target = { vocabulary: tokenizer.size, context: length };
  const model = build(options, target);
  initialize(model, seed);
  const description = { task: "language-modelling", paper: paper.id, options, target } as const;
  const system = new LanguageModelSystem(model, description, tokenizer);
  onSystem?.(system);
  const step = stepOf(model);
  for (let i = 1; i <= STEPS && !signal.aborted; i++) {
    const { loss } = await step(...windows(tokens, random));
    const isShown = i === 1 || i % SHOWN === 0;
    const figures = isShown
      ? [await sample(system, Number(values["temperature"]), seed), fading(model)]
      : undefined;
    yield { step: i, steps: STEPS, values: { loss: loss.item() }, ...(figures && { figures }) };
  }
  await Promise.all([step.release(), system.release()]);
}

function stepOf(model: TransNormer) {
  const learningRate = cosine({ from: 1e-2, steps: STEPS });
  const optimizer = adamW(model.parameters(), { learningRate, clipNorm: 1 });
  return compile((ids: Tensor, next: Tensor) => {
    const loss = crossEntropy(model.forward(ids, { training: true }), next);
    optimizer.minimize(loss);
    return { loss };
  });
}

function windows(tokens: Int32Array, random: Random) {
  const ids = new Int32Array(rows * length);
  const next = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const start = Math.floor((tokens.length - length - 1) * random.uniform());
    ids.set(tokens.subarray(start, start + length), row * length);
    next.set(tokens.subarray(start + 1, start + 1 + length), row * length);
  }
  const shape = [rows, length];
  return [hostTensor(ids, shape, "int32"), hostTensor(next, shape, "int32")] as const;
}

async function sample(
  system: LanguageModelSystem,
  temperature: number,
  seed: number,
): Promise<Figure> {
  let text = "the ";
  const options = { tokens: 160, sampling: { temperature }, seed };
  for await (const piece of system.continue(text, options)) text += piece.text;
  return { kind: "text", title: "What it writes after “the ”", text };
}

/** What is left of a token in each head of the first block, over the tokens that follow it. */
function fading({ blocks }: TransNormer): Figure {
  const slopes = blocks[0]?.attention.slopes ?? [];
  const ages = Array.from({ length: 65 }, (_, age) => age);
  return {
    kind: "lines",
    title: "How heads of the first block forget",
    x: { title: "tokens ago" },
    y: { title: "share that counts" },
    series: slopes.map((slope, head) => ({
      name: `head ${head + 1}`,
      points: ages.map((age) => [age, Math.exp(-slope * age)] as const),
    })),
  };
}
