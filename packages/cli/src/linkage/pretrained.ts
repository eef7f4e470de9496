import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@quire/data";
import { readTokenizer } from "@quire/data/files";
import { type LinkageModelDescription, Linker, RecordTokenizer } from "@quire/papers";
import { build, type SentenceEncoderOptions } from "@quire/papers/linktransformer/model";
import {
  fromOfficialConfig,
  loadOfficial,
  type OfficialConfig,
} from "@quire/papers/linktransformer/weights";
import type { CompileOptions, HostTensor } from "@quire/tensor";
import { loadSafetensors } from "@quire/train/node";
import { UsageError } from "../errors.ts";

/** Whether a folder holds a pretrained encoder rather than a run. */
export function isPretrained(folder: string): boolean {
  const config = join(folder, "config.json");
  return existsSync(config) && "model_type" in (parsed(config) as object);
}

/** How a pretrained encoder's layers after the transformer are described. */
type PoolingConfig = Readonly<Record<`pooling_mode_${string}`, boolean | undefined>>;
interface DenseConfig {
  readonly out_features: number;
  readonly activation_function: string;
}

/**
 * Opens a pretrained encoder as sentence-transformers saves it: `config.json`, `tokenizer.json` and
 * `model.safetensors` of BERT, XLM-R or MPNet, with how it pools and projects beside them.
 *
 * @throws UsageError when a file is missing or the model is of another kind.
 */
export async function openPretrained(
  folder: string,
  compile: CompileOptions = {},
): Promise<Linker> {
  const read = <T>(name: string): T | undefined => {
    const path = join(folder, name);
    return existsSync(path) ? (parsed(path) as T) : undefined;
  };
  const { options, target } = fromOfficialConfig(
    read<OfficialConfig>("config.json") as OfficialConfig,
  );
  const tokenizer = new RecordTokenizer(
    await readTokenizer(needed(folder, "tokenizer.json", "save the fast tokenizer there too")),
  );
  const weights = needed(
    folder,
    "model.safetensors",
    "save the weights as safetensors, by save_pretrained for one",
  );
  const dense = read<DenseConfig>("2_Dense/config.json");
  const limit = read<{ max_seq_length?: number }>("sentence_bert_config.json")?.max_seq_length;
  const own: SentenceEncoderOptions = {
    ...options,
    pooling: poolingOf(read<PoolingConfig>("1_Pooling/config.json"), folder),
    ...(dense && {
      projection: {
        width: dense.out_features,
        activation: /tanh/i.test(dense.activation_function) ? "tanh" : "none",
      },
    }),
  };
  const model = build(own, target);
  const state = new Map<string, HostTensor>((await loadSafetensors(weights)).tensors);
  if (dense) {
    const path = needed(folder, "2_Dense/model.safetensors", "save it as safetensors");
    for (const [name, value] of (await loadSafetensors(path)).tensors) state.set(name, value);
  }
  await loadOfficial(model, state);
  const description: LinkageModelDescription<SentenceEncoderOptions> = {
    ...{ task: "linkage", paper: "linktransformer", options: own, fields: [] },
    target: { ...target, length: Math.min(target.length, limit ?? target.length) },
  };
  return new Linker(model, tokenizer, description, compile);
}

function poolingOf(
  config: PoolingConfig | undefined,
  folder: string,
): SentenceEncoderOptions["pooling"] {
  if (!config) return "mean";
  const chosen = Object.keys(config).filter(
    (key) => key.startsWith("pooling_mode_") && config[key as keyof PoolingConfig] === true,
  );
  const known = {
    pooling_mode_mean_tokens: "mean",
    pooling_mode_cls_token: "first token",
    pooling_mode_max_tokens: "max",
  } as const;
  const [only, ...more] = chosen;
  if (more.length === 0 && only !== undefined && only in known) {
    return known[only as keyof typeof known];
  }
  throw new UsageError(
    `"${folder}" pools by ${chosen.join(" and ") || "nothing"}: use a model that pools by the mean, the first token or the maximum.`,
  );
}

function needed(folder: string, name: string, advice: string): string {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  throw new UsageError(`"${folder}" has no ${name}: ${advice}.`);
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DataError(`"${path}" is damaged: it is no JSON.`, { cause });
  }
}
