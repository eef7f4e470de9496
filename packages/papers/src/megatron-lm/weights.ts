import { type Module, shardOf } from "@quire/nn";
import { type HostTensor, QuireError } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import type { LanguageTarget } from "../tasks/language-target.ts";
import type { MegatronBert, MegatronGpt, MegatronOptions } from "./model.ts";
import { dividedStages, joinedStages } from "./pipeline-stages.ts";
import { concatenated, cutQkv, firstRows, fusedQkv, orderOf, sliced } from "./rank-parts.ts";

/// Names of the official code (NVIDIA/Megatron-LM 2.6, megatron/model), whose nested dictionaries are read with dots
/// between their keys. Before 2.4 it said `transformer` for `encoder` and `attention` for `self_attention`.
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^embeddings\.tokens\.weight$/, "language_model.embedding.word_embeddings.weight"],
  [/^embeddings\.tokens\.bias$/, "lm_head.bias"],
  [/^embeddings\.positions\./, "language_model.embedding.position_embeddings."],
  [/^embeddings\.sentences\./, "language_model.embedding.tokentype_embeddings."],
  [
    /^body\.blocks\.(\d+)\.attention\.(query|key|value)\./,
    "language_model.encoder.layers.$1.self_attention.query_key_value($2).",
  ],
  [
    /^body\.blocks\.(\d+)\.attention\.output\./,
    "language_model.encoder.layers.$1.self_attention.dense.",
  ],
  [
    /^body\.blocks\.(\d+)\.feedForward\.expand\./,
    "language_model.encoder.layers.$1.mlp.dense_h_to_4h.",
  ],
  [
    /^body\.blocks\.(\d+)\.feedForward\.contract\./,
    "language_model.encoder.layers.$1.mlp.dense_4h_to_h.",
  ],
  [/^transform\./, "lm_head.dense."],
  [/^transformNorm\./, "lm_head.layernorm."],
  [/^pooler\./, "language_model.pooler.dense."],
  [/^order\./, "binary_head."],
];

type Model = MegatronGpt | MegatronBert;

/**
 * A checkpoint's models, `model` of every `mp_rank_XX/model_optim_rng.pt`, in the order of the processes. Where layers
 * are cut into stages as well, all `mp_rank_XX_000` come first, then all `mp_rank_XX_001`, and so on; where each process
 * has several stretches of layers, `model0` of all, then `model1` of all.
 */
export interface OfficialCheckpoint {
  readonly ranks: readonly State[];
  /** Stretches of layers, a multiple of `pipeline_model_parallel_size`; 1 unless said. */
  readonly stages?: number;
  /** `checkpoint_version`, which says how queries, keys and values stand in one matrix; 0 where a file has none. */
  readonly version: number;
}

/** How a checkpoint is written. */
export interface SavedOptions {
  /** How many processes divide each tensor. */
  readonly ranks: number;
  /** How many stages the layers are cut into, each of so many processes; 1 unless said. */
  readonly stages?: number;
  /** 3 unless said, as the official code has written since 2020. */
  readonly version?: number;
  /** `make_vocab_size_divisible_by`: the tokens are filled up to a multiple of it and the processes; 128 unless said. */
  readonly divisibleBy?: number;
}

/**
 * The official name of each of a model's tensors, as one process has them; parts of a fused matrix have the part's name
 * in brackets.
 */
export function officialNames(model: Model): OfficialName[] {
  return model.namedState().map(([ours, variable]) => {
    const named = parts.find(([pattern]) => pattern.test(ours));
    const official = named ? ours.replace(...named) : normName(model, ours);
    // Whole, and without the rows that fill tokens up.
    const shape = shardOf(variable)?.whole ?? variable.shape;
    return { official, ours, shape, officialShape: shape };
  });
}

/// Where sums are normalised, the official code counts a block's normalisations from the one before it (its argument
/// `apply_residual_connection_post_layernorm`): what follows a feed-forward network belongs to the next block there.
function normName({ body }: Model, ours: string): string {
  const layers = "language_model.encoder.layers.";
  const final = "language_model.encoder.final_layernorm.";
  const isPre = body.order === "pre";
  const [, block, norm, value] =
    /^body\.blocks\.(\d+)\.(attentionNorm|feedForwardNorm)\.(\w+)$/.exec(ours) ?? [];
  if (block === undefined) {
    return ours.replace(/^body\.norm\./, isPre ? final : `${layers}0.input_layernorm.`);
  }
  if (isPre) {
    const own = norm === "attentionNorm" ? "input_layernorm" : "post_attention_layernorm";
    return `${layers}${block}.${own}.${value}`;
  }
  if (norm === "attentionNorm") return `${layers}${block}.post_attention_layernorm.${value}`;
  const next = Number(block) + 1;
  return next === body.blocks.length
    ? `${final}${value}`
    : `${layers}${next}.input_layernorm.${value}`;
}

/**
 * Gives a model the weights of an official checkpoint that any number of processes wrote; the model itself may be
 * divided among any number too, all of which then call this. Rows of tokens beyond the model's are left out.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: Model, checkpoint: OfficialCheckpoint): Promise<void> {
  const names = officialNames(model);
  const whole = joinedRanks(checkpoint, headsOf(model));
  for (const { official, shape } of names) {
    const value = whole.get(official);
    if (value && isOfTokens(official)) whole.set(official, firstRows(value, shape[0] as number));
  }
  await loadModel(model as Module, fromOfficial(whole, names));
}

/**
 * A model's weights as an official checkpoint has them, one state for each process. Rows that fill up the tokens are 0.
 *
 * @throws QuireError when the heads, hidden units or layers do not divide.
 */
export async function savedOfficial(
  model: Model,
  { ranks, stages = 1, version = 3, divisibleBy = 128 }: SavedOptions,
): Promise<OfficialCheckpoint> {
  const names = officialNames(model);
  const heads = headsOf(model);
  if (heads % ranks !== 0) {
    throw new QuireError(
      `${heads} heads do not divide among ${ranks} processes; take a number of processes that divides them.`,
    );
  }
  const saved = toOfficial(await modelTensors(model as Module), names);
  const multiple = divisibleBy * ranks;
  const tokens = multiple * Math.ceil(model.embeddings.tokens.count / multiple);
  for (const [name, value] of saved) {
    if (isOfTokens(name)) saved.set(name, firstRows(value, tokens));
  }
  const cut = Array.from({ length: ranks }, (_, rank) => {
    const own = [...saved].map(
      ([name, value]) => [name, partOf(name, value, rank, ranks)] as const,
    );
    return dividedStages(fusedQkv(new Map(own), heads / ranks, orderOf(version)), stages);
  });
  const inOrder = Array.from({ length: stages }, (_, stage) =>
    cut.map((own) => own[stage] as State),
  );
  return { ranks: inOrder.flat(), version, ...(stages > 1 && { stages }) };
}

/** The heads of the whole model. */
function headsOf({ body }: Model): number {
  const attention = body.blocks[0]?.attention;
  return attention ? attention.heads * attention.division.group.size : 1;
}

function isOfTokens(official: string): boolean {
  return official.endsWith(".word_embeddings.weight") || official === "lm_head.bias";
}

/// Section 3: weights of layers that enter divided work are divided by outputs, with their biases; those of layers that
/// leave it by inputs, their biases whole; tokens are divided by rows.
function dividedAxis(official: string): 0 | 1 | undefined {
  if (isOfTokens(official)) return 0;
  if (/\.(query_key_value|dense_h_to_4h)(\(\w+\))?\./.test(official)) return 0;
  if (/\.(self_attention\.dense|dense_4h_to_h)\.weight$/.test(official)) return 1;
  return undefined;
}

/** A process's part of a tensor. */
function partOf(official: string, value: HostTensor, rank: number, ranks: number): HostTensor {
  const axis = dividedAxis(official);
  if (axis === undefined || ranks === 1) return value;
  const size = value.shape[axis] as number;
  if (size % ranks !== 0) {
    throw new QuireError(
      `${official} has ${size} rows or columns, which do not divide among ${ranks} processes; take another number of processes.`,
    );
  }
  return sliced(value, axis, rank * (size / ranks), size / ranks);
}

/** Whole tensors from every process's part, with the parts of fused matrices apart. */
function joinedRanks(
  { ranks: all, stages = 1, version }: OfficialCheckpoint,
  heads: number,
): Map<string, HostTensor> {
  const order = orderOf(version);
  const processes = all.length / stages;
  if (processes === 0 || !Number.isInteger(heads / processes) || all.length % stages !== 0) {
    const cut = stages === 1 ? "" : ` in ${stages} stages`;
    throw new QuireError(
      `A model of ${heads} heads has no checkpoint of ${all.length} processes${cut}: give the states of all mp_rank folders.`,
    );
  }
  const ranks = Array.from({ length: processes }, (_, rank) =>
    joinedStages(all.filter((_, place) => place % processes === rank).map(renamed)),
  );
  const states = ranks.map((state) => cutQkv(state, heads / processes, order));
  const [first, ...others] = states as [Map<string, HostTensor>, ...Map<string, HostTensor>[]];
  const joined = new Map<string, HostTensor>();
  for (const [name, value] of first) {
    const axis = dividedAxis(name);
    const parts = [value, ...others.flatMap((state) => state.get(name) ?? [])];
    if (parts.length !== processes) {
      throw new QuireError(`${name} is missing in some of the mp_rank states.`);
    }
    joined.set(name, axis === undefined ? value : concatenated(parts, axis));
  }
  return joined;
}

/** Names as the official code writes them today. */
function renamed(state: State): State {
  const names = [...state].map(([name, value]): [string, HostTensor] => {
    const today = name
      .replace(/^language_model\.transformer\./, "language_model.encoder.")
      .replace(".attention.", ".self_attention.");
    return [today, value];
  });
  return new Map(names);
}

/** The arguments of the official programs, under their names; what is left out is what they take for it. */
export interface OfficialArguments {
  readonly class: "GPTModel" | "BertModel";
  readonly num_layers: number;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  /** Tokens that the model has, filled up; `vocabulary` of `fromOfficialArguments` says how many are tokens. */
  readonly padded_vocab_size: number;
  /** Four times the width unless said. */
  readonly ffn_hidden_size?: number | null;
  /** The width / heads unless said. */
  readonly kv_channels?: number | null;
  readonly layernorm_epsilon?: number;
  readonly apply_residual_connection_post_layernorm?: boolean;
  readonly openai_gelu?: boolean;
  readonly bias_gelu_fusion?: boolean;
  readonly hidden_dropout?: number;
  /** BertModel's own arguments. */
  readonly num_tokentypes?: number;
  readonly add_binary_head?: boolean;
}

/**
 * The options and the target of the model that an official program makes of its arguments.
 *
 * @param vocabulary How many of the rows are tokens; all unless said.
 * @throws QuireError when there are fewer rows than tokens.
 */
export function fromOfficialArguments(
  given: OfficialArguments,
  vocabulary: number = given.padded_vocab_size,
): { readonly options: MegatronOptions; readonly target: LanguageTarget } {
  if (vocabulary > given.padded_vocab_size) {
    throw new QuireError(
      `The checkpoint has ${given.padded_vocab_size} rows of tokens, fewer than ${vocabulary}; give the tokenizer's own count.`,
    );
  }
  const { openai_gelu: isTanh = false, bias_gelu_fusion: isFused = true } = given;
  return {
    options: {
      ...{ width: given.hidden_size, depth: given.num_layers, heads: given.num_attention_heads },
      dropout: given.hidden_dropout ?? 0.1,
      style: {
        headWidth: given.kv_channels ?? given.hidden_size / given.num_attention_heads,
        hidden: given.ffn_hidden_size ?? 4 * given.hidden_size,
        // The kernel that adds the bias along with it knows the formula with a tangent alone.
        activation: isTanh || isFused ? "tanh gelu" : "gelu",
        epsilon: given.layernorm_epsilon ?? 1e-5,
        order: given.apply_residual_connection_post_layernorm ? "post" : "pre",
      },
      ...(given.class === "BertModel" && {
        bert: {
          sentences: given.num_tokentypes ?? 2,
          tellsOrder: given.add_binary_head ?? true,
          activation: isTanh ? "tanh gelu" : "gelu",
        },
      }),
    },
    target: { vocabulary, context: given.max_position_embeddings },
  };
}
