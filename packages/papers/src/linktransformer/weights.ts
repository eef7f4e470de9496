import { initialize } from "@quire/nn";
import { type HostTensor, QuireError } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import {
  type ChangedLayout,
  type EncoderLayout,
  layoutOf,
  type SentenceEncoder,
  type SentenceEncoderOptions,
} from "./model.ts";

type Parts = readonly (readonly [ours: RegExp, official: string])[];

/// Names of huggingface/transformers (models/bert, xlm_roberta, mpnet), as sentence-transformers saves them: without
/// the model's own prefix, and the projection as a file of its own, whose names begin with `linear.`.
const shared: Parts = [
  [/^tokens\.weight$/, "embeddings.word_embeddings.weight"],
  [/^positions\.weight$/, "embeddings.position_embeddings.weight"],
  [/^segments\.weight$/, "embeddings.token_type_embeddings.weight"],
  [/^embeddingNorm\./, "embeddings.LayerNorm."],
  [/^relative\.weight$/, "encoder.relative_attention_bias.weight"],
  [/^projection\./, "linear."],
  [/^encoder\.blocks\.(\d+)\.feedForward\.expand\./, "encoder.layer.$1.intermediate.dense."],
  [/^encoder\.blocks\.(\d+)\.feedForward\.contract\./, "encoder.layer.$1.output.dense."],
  [/^encoder\.blocks\.(\d+)\.feedForwardNorm\./, "encoder.layer.$1.output.LayerNorm."],
];
const attention: Readonly<Record<"bert" | "mpnet", Parts>> = {
  bert: [
    [/^encoder\.blocks\.(\d+)\.attention\.output\./, "encoder.layer.$1.attention.output.dense."],
    [
      /^encoder\.blocks\.(\d+)\.attention\.(query|key|value)\./,
      "encoder.layer.$1.attention.self.$2.",
    ],
    [/^encoder\.blocks\.(\d+)\.attentionNorm\./, "encoder.layer.$1.attention.output.LayerNorm."],
  ],
  mpnet: [
    [/^encoder\.blocks\.(\d+)\.attention\.output\./, "encoder.layer.$1.attention.attn.o."],
    [/^encoder\.blocks\.(\d+)\.attention\.query\./, "encoder.layer.$1.attention.attn.q."],
    [/^encoder\.blocks\.(\d+)\.attention\.key\./, "encoder.layer.$1.attention.attn.k."],
    [/^encoder\.blocks\.(\d+)\.attention\.value\./, "encoder.layer.$1.attention.attn.v."],
    [/^encoder\.blocks\.(\d+)\.attentionNorm\./, "encoder.layer.$1.attention.LayerNorm."],
  ],
};
const encoding: Parts = [[/^pooler\./, "pooler.dense."]];
/** Heads for sequence classification: BERT's reads its pooler, the others have a layer of its kind of their own. */
const classifying: Readonly<Record<"bert" | "others", Parts>> = {
  bert: [
    [/^pooler\./, "pooler.dense."],
    [/^head\./, "classifier."],
  ],
  others: [
    [/^pooler\./, "classifier.dense."],
    [/^head\./, "classifier.out_proj."],
  ],
};

/** Buffers and heads of training that some checkpoints hold and no encoder needs. */
const passedOver = /^(embeddings\.(position_ids|token_type_ids)|cls\.|lm_head\.)/;
const prefix = /^(bert|roberta|mpnet|0\.auto_model|auto_model)\./;

function partsOf({ options, target }: SentenceEncoder): Parts {
  const { name: layout } = layoutOf(options);
  if (layout === "plain") {
    throw new QuireError(
      'there are no official weights of the layout "plain": choose another one.',
    );
  }
  const isBert = layout === "bert";
  const ends = target.classes ? classifying[isBert ? "bert" : "others"] : encoding;
  return [...shared, ...attention[layout === "mpnet" ? "mpnet" : "bert"], ...ends];
}

/**
 * The official name of each of a model's tensors.
 *
 * @throws QuireError for a layout of ours.
 */
export function officialNames(model: SentenceEncoder): OfficialName[] {
  const parts = partsOf(model);
  return model.namedState().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    return { official: ours.replace(...part), ours, shape, officialShape: shape };
  });
}

/**
 * Gives a model the weights of an official checkpoint of BERT, XLM-R or MPNet, with or without the prefix of its
 * model and with a projection's `linear.` beside it. A pooler or a head that the checkpoint lacks stays as it was
 * drawn by `seed`.
 *
 * @returns The official names of what the model kept.
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(
  model: SentenceEncoder,
  state: State,
  { seed = 0 }: { readonly seed?: number } = {},
): Promise<string[]> {
  const bare = new Map<string, HostTensor>();
  for (const [name, value] of state) {
    const own = name.replace(prefix, "");
    if (!passedOver.test(own)) bare.set(own, value);
  }
  const names = officialNames(model);
  const kept = names.filter(({ official }) => isHead(official) && !bare.has(official));
  if (kept.length > 0) {
    if (!model.tokens.weight.allocated) initialize(model, seed);
    const own = toOfficial(await modelTensors(model), names);
    for (const { official } of kept) bare.set(official, own.get(official) as HostTensor);
  }
  const ignored = [...bare.keys()].filter(
    (name) => isHead(name) && !names.some(({ official }) => official === name),
  );
  await loadModel(model, fromOfficial(bare, names, ignored));
  return kept.map(({ official }) => official);
}

function isHead(name: string): boolean {
  return /^(pooler|classifier)\./.test(name);
}

/** What `config.json` of a transformers model says, as far as an encoder is made of it. */
export interface OfficialConfig {
  readonly model_type: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly hidden_dropout_prob?: number;
  readonly pad_token_id?: number;
  readonly layer_norm_eps?: number;
  readonly type_vocab_size?: number;
  readonly hidden_act?: string;
  readonly relative_attention_num_buckets?: number;
  readonly position_embedding_type?: string;
}

const kinds: Readonly<Record<string, EncoderLayout>> = {
  bert: "bert",
  mpnet: "mpnet",
  roberta: "roberta",
  "xlm-roberta": "roberta",
  camembert: "roberta",
};

/**
 * The options and the target of an encoder as an official configuration describes it.
 *
 * @throws QuireError when its model is of another kind.
 */
export function fromOfficialConfig(config: OfficialConfig): {
  readonly options: SentenceEncoderOptions;
  readonly target: {
    readonly vocabulary: number;
    readonly length: number;
    readonly padding: number;
  };
} {
  const layout = kinds[config.model_type];
  if (!layout) {
    throw new QuireError(
      `a model of the type "${config.model_type}" is not known: use one of ${Object.keys(kinds).join(", ")}.`,
    );
  }
  const padding = config.pad_token_id ?? (layout === "bert" ? 0 : 1);
  const before = layout === "bert" ? 0 : padding + 1;
  return {
    options: {
      layout: changedLayout(layout, config),
      width: config.hidden_size,
      depth: config.num_hidden_layers,
      heads: config.num_attention_heads,
      ratio: config.intermediate_size / config.hidden_size,
      pooling: "mean",
      dropout: config.hidden_dropout_prob ?? 0.1,
    },
    target: {
      vocabulary: config.vocab_size,
      length: config.max_position_embeddings - before,
      padding,
    },
  };
}

const activations: Readonly<Record<string, ChangedLayout["activation"]>> = {
  ...{ gelu: "gelu", gelu_new: "gelu tanh", gelu_pytorch_tanh: "gelu tanh" },
  ...{ relu: "relu", silu: "silu", swish: "silu" },
};

/** The layout, by its name where the configuration has it as published; transformers leaves its own defaults out. */
function changedLayout(
  of: EncoderLayout,
  config: OfficialConfig,
): SentenceEncoderOptions["layout"] {
  const { hidden_act: act = "gelu", position_embedding_type: positions = "absolute" } = config;
  const activation = activations[act];
  if (!activation) {
    throw new QuireError(
      `the function "${act}" is not known: use a model with one of ${Object.keys(activations).join(", ")}.`,
    );
  }
  if (positions !== "absolute") {
    throw new QuireError(
      `positions of the kind "${positions}" are not known: use a model with absolute ones.`,
    );
  }
  /// MPNet's official code always computes 32 ranges of distances, whatever its configuration says.
  const { relative_attention_num_buckets: buckets = 32 } = config;
  if (of === "mpnet" && buckets !== 32) {
    throw new QuireError(
      `${buckets} ranges of distances are not known: use a model with 32, as the official code computes them.`,
    );
  }
  const changed = {
    activation,
    epsilon: config.layer_norm_eps ?? 1e-12,
    segments: of === "mpnet" ? 0 : (config.type_vocab_size ?? 2),
  };
  const usual = layoutOf({ layout: of });
  const isUsual = Object.entries(changed).every(
    ([name, value]) => usual[name as keyof typeof changed] === value,
  );
  return isUsual ? of : { of, ...changed };
}
