import { readFileSync } from "node:fs";
import { countParameters, Division, initialize } from "@quire/nn";
import {
  collectivesInOneProcess,
  compile,
  type HostTensor,
  hostTensor,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { build, MegatronBert, MegatronGpt } from "./model.ts";
import { paper } from "./paper.ts";
import {
  fromOfficialArguments,
  loadOfficial,
  type OfficialArguments,
  type OfficialCheckpoint,
  savedOfficial,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Case {
  readonly arguments: OfficialArguments;
  readonly vocabulary: number;
  readonly version: number;
  readonly stages?: number;
  readonly ranks: readonly Readonly<Record<string, Stored>>[];
  readonly ids: readonly (readonly number[])[];
  readonly sentences: readonly (readonly number[])[];
  readonly logits: Stored;
  readonly order?: Stored;
}

const file = new URL("../../references/megatron-lm.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

function checkpointOf({ ranks, version, stages = 1 }: Case): OfficialCheckpoint {
  const states = ranks.map((state) => {
    const tensors = Object.entries(state).map(
      ([name, { shape, values }]) => [name, hostTensor([...values], shape)] as const,
    );
    return new Map(tensors);
  });
  return { ranks: states, version, ...(stages > 1 && { stages }) };
}

function modelOf(stored: Case, division?: Division): MegatronGpt | MegatronBert {
  const { options, target } = fromOfficialArguments(stored.arguments, stored.vocabulary);
  const kind = stored.arguments.class === "BertModel" ? MegatronBert : MegatronGpt;
  const model = new kind(options, target, division);
  initialize(model, 1);
  return model;
}

/** The scores of tokens, and of the sentences' order where the model tells it. */
async function scoresOf(model: MegatronGpt | MegatronBert, { ids, sentences }: Case) {
  const shape = [ids.length, ids[0]?.length ?? 0];
  const [given, kinds] = [ids, sentences].map((rows) => hostTensor(rows.flat(), shape, "int32"));
  const run = compile((x: Tensor, of: Tensor) => {
    if (model instanceof MegatronGpt) return [model.forward(x)];
    const order = model.orderScores(x, of);
    return [model.forward(x, of), ...(order ? [order] : [])];
  });
  const found = await run(given as HostTensor, kinds as HostTensor);
  await run.release();
  return found;
}

/** The largest difference over the largest wanted value; rows that are no tokens have no scores here. */
function distance(got: HostTensor, { shape, values }: Stored): number {
  const [kept, all] = [got.shape.at(-1) as number, shape.at(-1) as number];
  expect(got.shape).toEqual(shape.with(-1, kept));
  const wanted = values.filter((_, i) => i % all < kept);
  const found = got.toArray();
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] as number)))) / scale;
}

const named = cases.map((stored) => {
  const { class: kind, ...rest } = stored.arguments;
  const stages = stored.stages === undefined ? "" : `, ${stored.stages} stages`;
  const name = `${kind} of ${stored.ranks.length}${stages}, version ${stored.version}, ${JSON.stringify(rest)}`;
  return [name, stored] as const;
});

/** A state without the rows that fill up the tokens, which every side fills as it likes. */
function ofTokens(checkpoint: OfficialCheckpoint, vocabulary: number): [string, number[]][][] {
  const { ranks, stages = 1 } = checkpoint;
  return ranks.map((state, place) =>
    [...state].map(([name, value]) => {
      const isOfTokens = name.includes("word_embeddings") || name === "lm_head.bias";
      const rows = value.shape[0] as number;
      const inner = value.data.length / rows;
      const rank = place % (ranks.length / stages);
      const count = isOfTokens ? Math.max(0, Math.min(rows, vocabulary - rank * rows)) : rows;
      return [`${name} ${value.shape}`, value.toArray().slice(0, count * inner)];
    }),
  );
}

function sortedStates(states: [string, number[]][][]) {
  return states.map((state) => state.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("official checkpoints", () => {
  test.each(named)("%s", async (_, stored) => {
    const model = modelOf(stored);
    const checkpoint = checkpointOf(stored);
    await loadOfficial(model, checkpoint);
    const [logits, order] = await scoresOf(model, stored);
    expect(distance(logits as HostTensor, stored.logits)).toBeLessThan(1e-5);
    if (stored.order) expect(distance(order as HostTensor, stored.order)).toBeLessThan(1e-5);
    else expect(order).toBeUndefined();

    const { stages = 1, version } = stored;
    const ranks = stored.ranks.length / stages;
    const divisibleBy = stored.arguments.padded_vocab_size / ranks;
    const back = await savedOfficial(model, { ranks, stages, version, divisibleBy });
    expect({ version: back.version, stages: back.stages ?? 1 }).toEqual({ version, stages });
    expect(sortedStates(ofTokens(back, stored.vocabulary))).toEqual(
      sortedStates(ofTokens(checkpoint, stored.vocabulary)),
    );
  });

  test.each([2, 4])("go into a model that %i processes divide", async (processes) => {
    const picked = [cases[1], cases[6]] as [Case, Case];
    for (const stored of picked) {
      const found = await Promise.all(
        collectivesInOneProcess(processes).map(async (group) => {
          const model = modelOf(stored, new Division(group));
          await loadOfficial(model, checkpointOf(stored));
          return await scoresOf(model, stored);
        }),
      );
      for (const [logits] of found) {
        expect(distance(logits as HostTensor, stored.logits)).toBeLessThan(1e-5);
      }
    }
  });

  test("names and orders of before are read, and those of other processes are written", async () => {
    const stored = cases[0] as Case;
    const model = modelOf(stored);
    await loadOfficial(model, checkpointOf(stored));
    const saved = await savedOfficial(model, { ranks: 4, version: 0 });
    expect(saved.ranks.map((state) => state.get(TOKENS)?.shape)).toEqual(
      new Array(4).fill([128, 8]),
    );
    const before = saved.ranks.map((state) => {
      const names = [...state].map(([name, value]): [string, HostTensor] => {
        const old = name
          .replace(".encoder.", ".transformer.")
          .replace("self_attention", "attention");
        return [old, value];
      });
      return new Map(names);
    });
    const other = modelOf(stored);
    await loadOfficial(other, { ranks: before, version: 0 });
    const [logits] = await scoresOf(other, stored);
    expect(distance(logits as HostTensor, stored.logits)).toBeLessThan(1e-5);
  });

  test("what does not fit is refused, and the model is left as it was", async () => {
    const stored = cases[3] as Case;
    const model = modelOf(stored);
    const before = await savedOfficial(model, { ranks: 1 });
    const { ranks, version } = checkpointOf(stored);
    const [first, second] = ranks.map((state) => new Map(state)) as [
      Map<string, HostTensor>,
      Map<string, HostTensor>,
    ];
    const refused = (states: readonly Map<string, HostTensor>[], as = version) =>
      expect(loadOfficial(model, { ranks: states, version: as })).rejects;
    await refused([first, second, second]).toThrow(
      "A model of 4 heads has no checkpoint of 3 processes: give the states of all mp_rank folders.",
    );
    await refused([first, second], -1).toThrow(
      "Checkpoint version -1 is not known: give the checkpoint_version of the file, 0, 1, 2 or 3.",
    );
    await refused([first]).toThrow(
      /^The official weights do not fit the model: .*language_model\.encoder\.layers\.0\.mlp\.dense_h_to_4h\.weight is \[16, 8\], the model has \[32, 8\]/,
    );
    second.delete("language_model.encoder.layers.1.mlp.dense_4h_to_h.weight");
    await refused([first, second]).toThrow(
      "language_model.encoder.layers.1.mlp.dense_4h_to_h.weight is missing in some of the mp_rank states.",
    );
    expect(await savedOfficial(model, { ranks: 1 })).toEqual(before);
    await expect(savedOfficial(model, { ranks: 3 })).rejects.toThrow(
      "4 heads do not divide among 3 processes; take a number of processes that divides them.",
    );
    await expect(savedOfficial(model, { ranks: 2, stages: 4 })).rejects.toThrow(
      "2 layers do not divide among 4 stages; take a number of stages that divides them.",
    );
    await expect(
      loadOfficial(model, { ranks: [first, first, first], stages: 2, version }),
    ).rejects.toThrow(
      "A model of 4 heads has no checkpoint of 3 processes in 2 stages: give the states of all mp_rank folders.",
    );
    expect(() => fromOfficialArguments(stored.arguments, 99)).toThrow(
      "The checkpoint has 12 rows of tokens, fewer than 99; give the tokenizer's own count.",
    );
  });
});

const TOKENS = "language_model.embedding.word_embeddings.weight";

describe("published sizes", () => {
  const presets = Object.entries(paper.presets).filter(([, preset]) => preset.parameters);

  test.each(presets)("%s has them", (_, { options, target, parameters }) => {
    expect(countParameters(build(options, target))).toBe(parameters);
  });
});
