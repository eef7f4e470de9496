import { SinePositions } from "@quire/nn";
import {
  compile,
  type HostTensor,
  hostTensor,
  QuireError,
  reshape,
  resize,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import type { ImageTarget } from "../tasks/image-target.ts";
import type { CompactTransformer, CompactTransformerOptions, TokenizerOptions } from "./model.ts";

/// Names of the official code (SHI-Labs/Compact-Transformers, src/), which builds ViT-Lite, CVT and CCT of one
/// classifier and so gives all three the same names.
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^tokenizer\.layers\.(\d+)\./, "tokenizer.conv_layers.$1.0."],
  [/^tokenizer\.projection\./, "tokenizer.conv_layers.0.0."],
  [/^classToken$/, "classifier.class_emb"],
  [/^positions\.weight$/, "classifier.positional_emb"],
  [/^pooling\.importance\./, "classifier.attention_pool."],
  [/^norm\./, "classifier.norm."],
  [/^head\./, "classifier.fc."],
  [/^blocks\.(\d+)\.attentionNorm\./, "classifier.blocks.$1.pre_norm."],
  [/^blocks\.(\d+)\.streamNorm\./, "classifier.blocks.$1.norm1."],
  [/^blocks\.(\d+)\.attention\.queryKeyValue\./, "classifier.blocks.$1.self_attn.qkv."],
  [/^blocks\.(\d+)\.attention\.output\./, "classifier.blocks.$1.self_attn.proj."],
  [/^blocks\.(\d+)\.feedForward\.expand\./, "classifier.blocks.$1.linear1."],
  [/^blocks\.(\d+)\.feedForward\.contract\./, "classifier.blocks.$1.linear2."],
];

const POSITIONS = "classifier.positional_emb";
const HEAD = ["classifier.fc.weight", "classifier.fc.bias"] as const;

/** The official name of each of a model's tensors. */
export function officialNames(model: CompactTransformer): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    const official = ours.replace(...part);
    const isTable = official === POSITIONS;
    return { official, ours, shape, officialShape: isTable ? [1, ...shape] : shape };
  });
}

/**
 * Gives a model the weights of an official checkpoint. As the official code does it, learned positions of another
 * image size are resized, a head for another number of classes stays as the model has it, and sine positions,
 * which checkpoints hold as a table, are left to be computed.
 *
 * @returns The official names of what the model kept.
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: CompactTransformer, state: State): Promise<string[]> {
  const names = officialNames(model);
  const own = toOfficial(await modelTensors(model), names);
  const fitted = new Map(state);
  const kept = HEAD.filter((name) => differs(state.get(name), own.get(name)));
  for (const name of kept) fitted.set(name, own.get(name) as HostTensor);
  const [positions, ownPositions] = [state.get(POSITIONS), own.get(POSITIONS)];
  if (positions && ownPositions && differs(positions, ownPositions)) {
    const extra = model.classToken ? 1 : 0;
    const side = sideOf((ownPositions.shape[1] as number) - extra);
    fitted.set(POSITIONS, await resizePositions(positions, { extra, side }));
  }
  const computed = model.positions instanceof SinePositions ? [POSITIONS] : [];
  await loadModel(model, fromOfficial(fitted, names, computed));
  return kept;
}

/** Whether both are there and have other shapes. */
function differs(first: HostTensor | undefined, second: HostTensor | undefined): boolean {
  return first !== undefined && second !== undefined && first.shape.join() !== second.shape.join();
}

/** The side of a square grid of places. */
function sideOf(places: number): number {
  const side = Math.round(Math.sqrt(places));
  if (side * side !== places) throw new QuireError(`${places} positions form no square grid.`);
  return side;
}

/**
 * Learned positions for another image size: the grid is resized linearly, as the official code does, and the
 * rows before it (a class token's) stay. `[1, extra + n², D] -> [1, extra + m², D]`
 *
 * @param places `extra` rows stand before the grid; `side` is m.
 * @throws QuireError when the rows after the extra ones form no square.
 */
export async function resizePositions(
  table: HostTensor,
  { extra, side }: { readonly extra: number; readonly side: number },
): Promise<HostTensor> {
  const [, length = 0, width = 0] = table.shape;
  const before = sideOf(length - extra);
  const data = table.data as Float32Array;
  const resized = compile((grid: Tensor) => {
    const planes = reshape(transpose(grid), [1, width, before, before]);
    const moved = resize(planes, { size: [side, side], mode: "linear" });
    return transpose(reshape(moved, [width, side * side]));
  });
  const grid = await resized(hostTensor(data.slice(extra * width), [before * before, width]));
  await resized.release();
  const rows = new Float32Array((extra + side * side) * width);
  rows.set(data.subarray(0, extra * width));
  rows.set(grid.data as Float32Array, extra * width);
  return hostTensor(rows, [1, extra + side * side, width]);
}

/** The arguments of the official classes, under their names; what is left out is what the class takes for it. */
export interface OfficialArguments {
  readonly class: "CCT" | "CVT" | "ViTLite";
  readonly img_size?: number;
  readonly embedding_dim?: number;
  readonly n_input_channels?: number;
  readonly n_conv_layers?: number;
  /** Of the convolutions of CCT; the side of a patch of the others. */
  readonly kernel_size?: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly pooling_kernel_size?: number;
  readonly pooling_stride?: number;
  readonly pooling_padding?: number;
  readonly dropout?: number;
  readonly attention_dropout?: number;
  readonly stochastic_depth?: number;
  readonly num_layers?: number;
  readonly num_heads?: number;
  readonly mlp_ratio?: number;
  readonly num_classes?: number;
  /** Any other word than these means sines there. */
  readonly positional_embedding?: string;
}

const positionsOf: Readonly<Record<string, CompactTransformerOptions["positions"]>> = {
  learnable: "learned",
  none: "none",
};

/** The options and the target of the system that an official class makes of its arguments. */
export function fromOfficialArguments(given: OfficialArguments): {
  readonly options: CompactTransformerOptions;
  readonly target: ImageTarget;
} {
  const { img_size: side = 224, embedding_dim: width = 768, mlp_ratio: ratio = 4 } = given;
  return {
    options: {
      ...{ width, depth: given.num_layers ?? 14, heads: given.num_heads ?? 6 },
      // The hidden layer's width is cut to a whole number.
      ratio: Math.trunc(width * ratio) / width,
      tokenizer: tokenizerOf(given),
      summary: given.class === "ViTLite" ? "class token" : "sequence pooling",
      positions: positionsOf[given.positional_embedding ?? "learnable"] ?? "sine",
      regularization: {
        dropout: given.dropout ?? 0,
        attention: given.attention_dropout ?? 0.1,
        stochasticDepth: given.stochastic_depth ?? 0.1,
      },
    },
    target: {
      ...{ height: side, width: side, channels: given.n_input_channels ?? 3 },
      classes: given.num_classes ?? 1000,
    },
  };
}

function tokenizerOf(given: OfficialArguments): TokenizerOptions {
  if (given.class !== "CCT") return { patch: given.kernel_size ?? 16 };
  return {
    layers: given.n_conv_layers ?? 1,
    ...{ kernel: given.kernel_size ?? 7, stride: given.stride ?? 2, padding: given.padding ?? 3 },
    pooling: {
      kernel: given.pooling_kernel_size ?? 3,
      stride: given.pooling_stride ?? 2,
      padding: given.pooling_padding ?? 1,
    },
  };
}
