import {
  compile,
  type HostTensor,
  QuireError,
  reshape,
  type Shape,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import {
  cutFused,
  type Fused,
  fromOfficial,
  joinFused,
  type OfficialName,
  type State,
  toOfficial,
} from "../official-weights.ts";
import type { PreNormOptions, PreNormTarget, PreNormTransformer } from "./model.ts";
import type { NormStyle } from "./norms.ts";

/// Names of the official code (ZixuanJiang/pre-rmsnorm-transformer, torch/model.py). Its norms have no weights, and one
/// matrix of it makes queries, keys and values.
const fused: Fused = { name: "to_qkv", parts: ["query", "key", "value"] };

const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^patches\.projection\./, "to_patch_embedding.1."],
  [/^classToken$/, "cls_token"],
  [
    /^encoder\.blocks\.(\d+)\.attention\.(query|key|value)\./,
    "transformer.layers.$1.1.to_qkv($2).",
  ],
  [/^encoder\.blocks\.(\d+)\.attention\.output\./, "transformer.layers.$1.1.to_out."],
  [/^encoder\.blocks\.(\d+)\.feedForward\.expand\./, "transformer.layers.$1.3.net.0."],
  [/^encoder\.blocks\.(\d+)\.feedForward\.contract\./, "transformer.layers.$1.3.net.2."],
  [/^tokens\./, "wte."],
];
const ofImages: typeof parts = [
  [/^positions\.weight$/, "pos_embedding"],
  [/^head\./, "mlp_head.1."],
];
const ofTexts: typeof parts = [
  [/^positions\./, "wpe."],
  [/^head\./, "final_linear."],
];

const NETWORK = "network.";
const PATCHES = "to_patch_embedding.1.weight";

/**
 * The official name of each of a model's tensors; parts of a fused matrix have the part's name in brackets.
 *
 * @throws QuireError when the model is none that the official classes make.
 */
export function officialNames(model: PreNormTransformer): OfficialName[] {
  const state = model.namedState();
  const isOfTexts = state.some(([path]) => path === `${NETWORK}tokens.weight`);
  const known = [...parts, ...(isOfTexts ? ofTexts : ofImages)];
  return state.map(([ours, { shape }]) => {
    const path = ours.slice(NETWORK.length);
    const part = known.find(([pattern]) => pattern.test(path));
    if (!part) {
      throw new QuireError(
        `The official models have no ${path}: build one with the options of fromOfficialArguments.`,
      );
    }
    const official = path.replace(...part);
    return { official, ours, shape, officialShape: officialShape(official, shape) };
  });
}

function officialShape(official: string, shape: Shape): Shape {
  return official === "pos_embedding" ? [1, ...shape] : shape;
}

/**
 * Gives a model the weights of an official one.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: PreNormTransformer, state: State): Promise<void> {
  const names = officialNames(model);
  const fitted = cutFused(state, fused);
  const pixels = fitted.get(PATCHES);
  const own = names.find(({ official }) => official === PATCHES);
  if (pixels && own) fitted.set(PATCHES, await channelsFirst(pixels, own.shape));
  await loadModel(model, fromOfficial(fitted, names));
}

/** A model's weights under their official names. */
export async function savedOfficial(model: PreNormTransformer): Promise<Map<string, HostTensor>> {
  const saved = toOfficial(await modelTensors(model), officialNames(model));
  const kernels = saved.get(PATCHES);
  if (kernels) saved.set(PATCHES, await channelsLast(kernels));
  return joinFused(saved, fused);
}

/** The official code reads a patch pixel by pixel. `[D, H W C] -> [D, C, H, W]`; as it is where it does not fit */
async function channelsFirst(weight: HostTensor, shape: Shape): Promise<HostTensor> {
  const [width = 0, channels = 0, rows = 0, columns = 0] = shape;
  if (weight.shape.join() !== [width, rows * columns * channels].join()) return weight;
  return await once(weight, (x) =>
    transpose(reshape(x, [width, rows, columns, channels]), [0, 3, 1, 2]),
  );
}

/** `[D, C, H, W] -> [D, H W C]` */
function channelsLast(kernels: HostTensor): Promise<HostTensor> {
  const [width = 0] = kernels.shape;
  return once(kernels, (x) => reshape(transpose(x, [0, 2, 3, 1]), [width, -1]));
}

async function once(value: HostTensor, fn: (x: Tensor) => Tensor): Promise<HostTensor> {
  const run = compile(fn);
  const made = await run(value);
  await run.release();
  return made;
}

interface SharedArguments {
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Four times `dim` unless said. */
  readonly mlp_dim?: number | null;
  /** `dim` / `heads` unless said. */
  readonly dim_head?: number | null;
  /** `pre-ln` unless said. */
  readonly method?: string;
  readonly pre_rms_training?: boolean;
}

/** The arguments of the official classes, under their names; what is left out is what the class takes for it. */
export type OfficialArguments = SharedArguments &
  (
    | {
        readonly class: "ViT";
        readonly image_size: number | readonly [number, number];
        readonly patch_size: number | readonly [number, number];
        readonly num_classes: number;
        readonly pool?: "cls" | "mean";
        readonly channels?: number;
      }
    | { readonly class: "GPT"; readonly vocab_size: number; readonly max_seq_length: number }
  );

const methods: Readonly<Record<string, NormStyle>> = {
  "pre-ln": "plain layer",
  "pre-apex-ln": "plain layer",
  "pre-customized-ln": "plain layer",
  "no-normalization": "none",
  "pre-apex-rms": "plain rms",
  "pre-rms": "plain rms",
  "pre-crms": "plain crms",
  "pre-crms-same-dim": "plain crms",
};

/**
 * The options and the target of the model that an official class makes of its arguments. One that trains as
 * Pre-RMSNorm with recentred weights is a Pre-LN model in that form here; `pre-crms` is narrower by one.
 *
 * @throws QuireError when it names a method that the official classes do not have.
 */
export function fromOfficialArguments(given: OfficialArguments): {
  readonly options: PreNormOptions;
  readonly target: PreNormTarget;
} {
  const { dim, depth, heads, method = "pre-ln" } = given;
  const norm = methods[method];
  if (norm === undefined) {
    throw new QuireError(
      `The method "${method}" is not known: use one of ${Object.keys(methods).join(", ")}.`,
    );
  }
  const isRecentred = norm === "plain rms" && given.pre_rms_training === true;
  const shared = {
    ...{ width: method === "pre-crms" ? dim - 1 : dim, depth, heads },
    ...(isRecentred && ({ form: "pre-rmsnorm" } as const)),
  };
  const style = {
    headWidth: given.dim_head ?? dim / heads,
    hidden: given.mlp_dim ?? 4 * dim,
    norm: isRecentred ? "plain layer" : norm,
    epsilon: 1e-5,
  } as const;
  if (given.class === "GPT") {
    return {
      options: { ...shared, shape: "gpt", style: { ...style, ownHead: true } },
      target: { vocabulary: given.vocab_size, length: given.max_seq_length },
    };
  }
  const summary = given.pool === "mean" ? "mean" : "class token";
  return {
    options: { ...shared, shape: "vit", style: { ...style, summary, placesClassToken: false } },
    target: {
      ...{ size: given.image_size, patch: given.patch_size, channels: given.channels ?? 3 },
      classes: given.num_classes,
    },
  };
}
