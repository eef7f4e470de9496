import { initialize, Transformer } from "@quire/nn";
import { compile, hostTensor, logSoftmax, type Tensor } from "@quire/tensor";
import { afterAll, expect, test } from "vitest";
import { Generator } from "./generator.ts";

const [vocabulary, tokens, end] = [4, 5, 2];
/** So much that long texts win, whose beginnings lie in other rows than the first. */
const lengthPenalty = 1.2;
const model = new Transformer({ vocabulary, width: 8, depth: 1, heads: 2, length: 12 });
initialize(model, 11);
for (const variable of model.parameters()) {
  const value = await variable.get();
  const larger = value.toArray().map((x) => 15 * x);
  if (value.shape.length === 2) await variable.set(hostTensor(larger, value.shape));
}
const generator = new Generator(model);
const whole = compile((ids: Tensor) => logSoftmax(model.forward(ids)));
afterAll(() => Promise.all([generator.release(), whole.release()]));

interface Text {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/** Every text of the full length after a prompt, read whole: the log-probability of each of its tokens. */
async function allTexts(prompt: readonly number[]): Promise<Map<string, number[]>> {
  const count = vocabulary ** tokens;
  const texts = Array.from({ length: count }, (_, i) =>
    Array.from(
      { length: tokens },
      (_unused, place) => Math.floor(i / vocabulary ** place) % vocabulary,
    ),
  );
  const length = prompt.length + tokens;
  const ids = hostTensor(
    texts.flatMap((text) => [...prompt, ...text]),
    [count, length],
    "int32",
  );
  const logs = (await whole(ids)).toArray();
  return new Map(
    texts.map((text, i) => [
      text.join(),
      text.map((token, place) => {
        const row = i * length + prompt.length + place - 1;
        return logs[row * vocabulary + token] as number;
      }),
    ]),
  );
}

/** The log-probability of tokens, of which there may be fewer than the full number. */
function logProbabilityOf(all: ReadonlyMap<string, number[]>, text: readonly number[]): number {
  const rest = Array.from({ length: tokens - text.length }, () => 0);
  const logs = all.get([...text, ...rest].join()) as number[];
  return logs.slice(0, text.length).reduce((sum, log) => sum + log, 0);
}

function scoreOf({ tokens: text, logProbability }: Text): number {
  return logProbability / text.length ** lengthPenalty;
}

/** The search as it is defined, on texts that are read whole each time. */
function searched(all: ReadonlyMap<string, number[]>, width: number): Text {
  let open: Text[] = [{ tokens: [], logProbability: 0 }];
  const finished: Text[] = [];
  for (let step = 0; step < tokens; step++) {
    const next = open
      .flatMap((text) => Array.from({ length: vocabulary }, (_, token) => [...text.tokens, token]))
      .map((text) => ({ tokens: text, logProbability: logProbabilityOf(all, text) }))
      .sort((a, b) => b.logProbability - a.logProbability);
    finished.push(...next.slice(0, width).filter((text) => text.tokens.at(-1) === end));
    open = next.filter((text) => text.tokens.at(-1) !== end).slice(0, width);
  }
  return [...finished, ...open].sort((a, b) => scoreOf(b) - scoreOf(a))[0] as Text;
}

const prompts = [[0, 3, 1], [1], [3, 3]];

test.each([1, 2, 3, 5])("a search of width %i finds what its definition finds", async (width) => {
  const beams = { width, lengthPenalty };
  const found = await generator.generate(prompts, { tokens, beams, stop: { tokens: [end] } });
  for (const [i, prompt] of prompts.entries()) {
    const wanted = searched(await allTexts(prompt), width);
    expect(found[i]?.tokens).toEqual(wanted.tokens);
    expect(found[i]?.score).toBeCloseTo(scoreOf(wanted), 4);
    expect(found[i]?.reason).toBe(wanted.tokens.at(-1) === end ? "stop" : "length");
  }
  expect(Math.max(...found.map((text) => text.tokens.length))).toBeGreaterThan(2);
});

test("a search that leaves nothing out finds the best of all texts", async () => {
  const beams = { width: vocabulary ** (tokens - 1), lengthPenalty };
  const ways = new Set<string>();
  for (const prompt of prompts) {
    const all = await allTexts(prompt);
    const [found] = await generator.generate([prompt], { tokens, beams, stop: { tokens: [end] } });
    const ended = new Set(
      [...all.keys()].map((text) => {
        const own = text.split(",").map(Number);
        const place = own.indexOf(end);
        return (place < 0 ? own : own.slice(0, place + 1)).join();
      }),
    );
    const scored = [...ended].map((text) => {
      const own = text.split(",").map(Number);
      return { text, score: scoreOf({ tokens: own, logProbability: logProbabilityOf(all, own) }) };
    });
    const [best] = scored.sort((a, b) => b.score - a.score);
    expect(found?.tokens.join()).toBe(best?.text);
    expect(found?.score).toBeCloseTo(best?.score as number, 4);
    ways.add(`${searched(all, 1).tokens.join()} ${best?.text}`);
  }
  // The search is of use: the likeliest token again and again is not always the best text.
  expect([...ways].some((way) => new Set(way.split(" ")).size === 2)).toBe(true);
});
