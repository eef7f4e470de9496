import { initialize, Transformer } from "@quire/nn";
import {
  blocks,
  compile,
  float16,
  frozen,
  hostTensor,
  int8,
  QuireError,
  type Tensor,
} from "@quire/tensor";
import { afterAll, expect, test } from "vitest";
import { Generator, generate } from "./generator.ts";
import type { GenerateOptions, TokenEvent } from "./options.ts";

const [vocabulary, length] = [13, 40];
const model = new Transformer({ vocabulary, width: 16, depth: 2, heads: 2, length });
initialize(model, 3);
// Weights of some size, so that the likeliest tokens differ from step to step.
for (const variable of model.parameters()) {
  const value = await variable.get();
  if (value.shape.length === 2) {
    await variable.set(
      hostTensor(
        value.toArray().map((x) => 20 * x),
        value.shape,
      ),
    );
  }
}
const generator = new Generator(model);
afterAll(() => generator.release());

const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10]];
const forward = compile((ids: Tensor) => model.forward(ids));

/** The logits after a text, all of it read at once. */
async function logitsAfter(text: readonly number[]): Promise<number[]> {
  const logits = await forward(hostTensor(text, [1, text.length], "int32"));
  return logits.toArray().slice(-vocabulary);
}

function likeliest(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}

/** The likeliest token again and again, without a memory. */
async function uncached(prompt: readonly number[], count: number): Promise<number[]> {
  const text = [...prompt];
  for (let i = 0; i < count; i++) text.push(likeliest(await logitsAfter(text)));
  return text.slice(prompt.length);
}

test("with a memory and without, batched and alone, the tokens are the same", async () => {
  const wanted: number[][] = [];
  for (const prompt of prompts) wanted.push(await uncached(prompt, 20));
  expect(new Set(wanted.flat()).size).toBeGreaterThan(5);
  const together = await generator.generate(prompts, { tokens: 20 });
  expect(together).toEqual(wanted.map((tokens) => ({ tokens, reason: "length" })));
  for (const [i, prompt] of prompts.entries()) {
    expect((await generate(model, [prompt], { tokens: 20 }))[0]?.tokens).toEqual(wanted[i]);
  }
});

test("draws are the same for a seed, and for a text whatever stands beside it", async () => {
  const options: GenerateOptions = { tokens: 12, sampling: { temperature: 1.5 }, seed: 7 };
  const once = await generator.generate(prompts, options);
  expect(await generator.generate(prompts, options)).toEqual(once);
  expect(await generator.generate(prompts, { ...options, seed: 8 })).not.toEqual(once);
  expect((await generator.generate([prompts[0] as number[]], options))[0]).toEqual(once[0]);
});

test("two streams of one generator do not disturb each other", async () => {
  const read = async (seed: number): Promise<number[]> => {
    const tokens: number[] = [];
    const options = { tokens: 8, sampling: { temperature: 1 }, seed };
    for await (const { token } of generator.stream([[1, 2]], options)) tokens.push(token);
    return tokens;
  };
  const alone = [await read(1), await read(2)];
  expect(await Promise.all([read(1), read(2)])).toEqual(alone);
  expect(alone[0]).not.toEqual(alone[1]);
});

test("a text ends at a token, a sequence, a condition or its full number, each by itself", async () => {
  const wanted = await Promise.all(prompts.map((prompt) => uncached(prompt, 10)));
  const [first, second] = wanted as [number[], number[]];
  const end = first[4] as number;
  const stopped = await generator.generate(prompts, { tokens: 10, stop: { tokens: [end] } });
  for (const [i, { tokens, reason }] of stopped.entries()) {
    const at = (wanted[i] as number[]).indexOf(end);
    expect(tokens).toEqual(at < 0 ? wanted[i] : wanted[i]?.slice(0, at + 1));
    expect(reason).toBe(at < 0 ? "length" : "stop");
  }
  const pair = second.slice(3, 5);
  const sequence = await generator.generate([[4]], { tokens: 10, stop: { sequences: [pair] } });
  const place = second.findIndex((token, i) => token === pair[0] && second[i + 1] === pair[1]);
  expect(sequence).toEqual([{ tokens: second.slice(0, place + 2), reason: "stop" }]);
  const when = (tokens: readonly number[]) => tokens.length === 3;
  const three = await generator.generate([[4]], { tokens: 10, stop: { when } });
  expect(three).toEqual([{ tokens: second.slice(0, 3), reason: "stop" }]);
});

test("tokens stream as they come, and a stream may be left or told to end", async () => {
  const seen: TokenEvent[] = [];
  const control = new AbortController();
  for await (const event of generator.stream(prompts, { tokens: 2 })) seen.push(event);
  const wanted = await Promise.all(prompts.map((prompt) => uncached(prompt, 2)));
  expect(seen).toEqual([
    ...wanted.map(([token], row) => ({ row, token })),
    ...wanted.map(([, token], row) => ({ row, token, reason: "length" })),
  ]);
  for await (const { row } of generator.stream(prompts, { tokens: 20 })) if (row === 1) break;
  const { signal } = control;
  const when = (tokens: readonly number[]) => {
    if (tokens.length === 2) control.abort();
    return false;
  };
  const [aborted] = await generator.generate([[4]], { tokens: 20, signal, stop: { when } });
  expect(aborted).toEqual({ tokens: wanted[1], reason: "signal" });
});

test("a filter allows only its tokens", async () => {
  const even = (text: readonly number[]) => {
    return text.length % 2 === 0 ? [0, 2, 4, 6, 8, 10, 12] : undefined;
  };
  const [got] = await generator.generate([[4]], { tokens: 12, filter: even });
  const text = [4];
  for (let i = 0; i < 12; i++) {
    const logits = await logitsAfter(text);
    const isAllowed = (token: number) => text.length % 2 === 1 || token % 2 === 0;
    text.push(
      likeliest(
        logits.map((logit, token) => (isAllowed(token) ? logit : Number.NEGATIVE_INFINITY)),
      ),
    );
  }
  expect(got?.tokens).toEqual(text.slice(1));
});

/** The log-probability of tokens after a prompt, over their number to a power. */
async function scoreOf(
  prompt: readonly number[],
  tokens: readonly number[],
  lengthPenalty: number,
): Promise<number> {
  let sum = 0;
  for (const [i, token] of tokens.entries()) {
    const logits = await logitsAfter([...prompt, ...tokens.slice(0, i)]);
    const norm = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
    sum += (logits[token] as number) - norm;
  }
  return sum / tokens.length ** lengthPenalty;
}

test("a search as wide as the vocabulary finds the likeliest text of all", async () => {
  const lengthPenalty = 0.5;
  const found = await generator.generate([[1, 2, 3], [4]], {
    tokens: 2,
    beams: { width: vocabulary, lengthPenalty },
    stop: { tokens: [0] },
  });
  for (const [i, prompt] of [[1, 2, 3], [4]].entries()) {
    const all = Array.from({ length: vocabulary ** 2 }, (_, k) => [
      Math.floor(k / vocabulary),
      k % vocabulary,
    ]).map((pair) => (pair[0] === 0 ? [0] : pair));
    let best = { tokens: [] as number[], score: Number.NEGATIVE_INFINITY };
    for (const tokens of all) {
      const score = await scoreOf(prompt, tokens, lengthPenalty);
      if (score > best.score) best = { tokens, score };
    }
    expect(found[i]?.tokens).toEqual(best.tokens);
    expect(found[i]?.score).toBeCloseTo(best.score, 4);
  }
}, 60_000);

test("a search of one beam is the likeliest token again and again", async () => {
  const [got] = await generator.generate([[4]], { tokens: 10, beams: { width: 1 } });
  expect(got?.tokens).toEqual(await uncached([4], 10));
  const wide = await generator.generate([[4]], { tokens: 10, beams: { width: 4 } });
  expect(wide[0]?.score).toBeGreaterThanOrEqual(got?.score as number);
  expect(wide[0]?.score).toBeCloseTo(await scoreOf([4], wide[0]?.tokens ?? [], 1), 4);
});

test("a memory of a window longer than the text changes nothing, a short one does", async () => {
  const whole = await generator.generate(prompts, { tokens: 16 });
  expect(await generator.generate(prompts, { tokens: 16, window: 30 })).toEqual(whole);
  expect(await generator.generate(prompts, { tokens: 16, window: 2 })).not.toEqual(whole);
});

test("impossible wishes are refused", async () => {
  const refused = (texts: number[][], options: GenerateOptions, text: string) =>
    expect(generator.generate(texts, options)).rejects.toThrow(new QuireError(text));
  await refused(
    [],
    { tokens: 1 },
    "generate: there are no prompts; begin with the token that starts a text.",
  );
  await refused(
    [[1], []],
    { tokens: 1 },
    "generate: prompt 1 is empty; begin with the token that starts a text.",
  );
  await refused([[1]], { tokens: 0 }, "generate: tokens must be a whole number from 1 up, got 0.");
  await refused(
    [[1, 2, 3]],
    { tokens: 38 },
    "generate: a prompt of 3 tokens and 38 new ones are more than the 40 that the model reads; shorten one of them.",
  );
  await refused(
    [[1]],
    { tokens: 1, beams: { width: 0 } },
    "generate: beams.width must be a whole number from 1 up, got 0.",
  );
  await refused(
    [[1]],
    { tokens: 1, stop: { sequences: [[]] } },
    "generate: a stop sequence is empty; leave it out.",
  );
  const stream = generator.stream([[1]], { tokens: 1, beams: { width: 2 } });
  await expect(stream.next()).rejects.toThrow(
    new QuireError("stream: a search has no tokens before it ends; use generate."),
  );
});

test("weights of a few bits generate too, nearly the same tokens", async () => {
  const whole = await generator.generate(prompts, { tokens: 8 });
  for (const quantization of [frozen(), int8(), blocks({ bits: 8, size: 16 }), float16()]) {
    const small = new Generator(model, { quantization });
    const got = await small.generate(prompts, { tokens: 8 });
    const [wanted, tokens] = [whole, got].map((texts) => texts.flatMap(({ tokens }) => tokens));
    const same = (tokens ?? []).filter((token, i) => token === wanted?.[i]);
    expect(same.length).toBeGreaterThanOrEqual(16);
    await small.release();
  }
});
