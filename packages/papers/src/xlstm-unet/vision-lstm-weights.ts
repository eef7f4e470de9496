import {
  compile,
  type HostTensor,
  hostTensor,
  reshape,
  resize,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import type { EndNorm, VisionLstm, VisionLstmOptions } from "./vision-lstm.ts";
import { officialBlockName } from "./weights.ts";

/** The arguments of the official classes of Vision-LSTM (NX-AI/vision-lstm), under their names; with their defaults. */
export interface OfficialVisionLstmArguments {
  readonly class: "VisionLSTM" | "VisionLSTM2";
  readonly dim?: number;
  readonly input_shape?: readonly number[];
  readonly patch_size?: number;
  readonly depth?: number;
  readonly output_shape?: readonly number[] | null;
  /** `"features"`, or null of the first version, has no classifier. */
  readonly mode?: string | null;
  readonly pooling?: string | null;
  readonly drop_path_rate?: number;
  readonly drop_path_decay?: boolean;
  readonly stride?: number | null;
  readonly legacy_norm?: boolean;
  readonly conv_kind?: "causal1d" | "2d";
  /** Passed over, as the official class does. */
  readonly conv_kernel_size?: number;
  readonly proj_bias?: boolean;
  readonly norm_bias?: boolean;
}

/** What a Vision-LSTM is made of that an official class makes of its arguments. */
export function visionLstmFromArguments(given: OfficialVisionLstmArguments): {
  readonly options: VisionLstmOptions;
  readonly target: { readonly channels: number; readonly size: readonly number[] };
} {
  const { dim: width = 192, patch_size: side = 16, stride } = given;
  const [channels = 3, ...size] = given.input_shape ?? [3, 224, 224];
  const isFirst = given.class === "VisionLSTM";
  const depth = given.depth ?? (isFirst ? 24 : 12);
  const kind = given.conv_kind === "causal1d" || isFirst ? "causal" : "grid";
  const rate = given.drop_path_rate ?? 0;
  return {
    options: {
      // The second version counts pairs of blocks.
      ...{ width, depth: isFirst ? depth : 2 * depth },
      patch: { side, ...(stride !== undefined && stride !== null && { stride }) },
      // The second version takes a size of its windows and does not hand it on to its blocks.
      convolution: { kind, kernel: isFirst ? 4 : 3 },
      bias: {
        projections: !isFirst && (given.proj_bias ?? true),
        norms: !isFirst && (given.norm_bias ?? true),
      },
      ...(rate > 0 && { stochasticDepth: { rate, grows: given.drop_path_decay ?? false } }),
      end: endOf(given),
    },
    target: { channels, size },
  };
}

function endOf(given: OfficialVisionLstmArguments): VisionLstmOptions["end"] {
  const isFirst = given.class === "VisionLSTM";
  const { legacy_norm: hasLegacy = false, norm_bias: shifts = true } = given;
  const usualPooling = isFirst ? "bilateral_avg" : "bilateral_flatten";
  const pooling = given.pooling === undefined ? usualPooling : given.pooling;
  const isClassifier = given.mode === undefined || given.mode === "classifier";
  const [classes] = given.output_shape ?? (given.output_shape === undefined ? [1000] : []);
  const words: Readonly<Record<string, VisionLstmOptions["end"]["says"]>> = {
    bilateral_avg: "mean of ends",
    bilateral_flatten: "both ends",
  };
  const usual = (epsilon: number): EndNorm => ({ kind: "usual", epsilon });
  const says = isClassifier || isFirst ? (words[pooling ?? ""] ?? "patches") : "patches";
  return {
    says,
    ...(isClassifier && classes !== undefined && { classes }),
    norms: isFirst
      ? {
          blocks: hasLegacy ? { kind: "offset", epsilon: 1e-5 } : "none",
          joined: usual(1e-6),
        }
      : {
          blocks: { kind: shifts ? "offset and shift" : "offset", epsilon: 1e-6 },
          joined: hasLegacy ? usual(1e-5) : "none",
        },
  };
}

/** The official name of each tensor of a Vision-LSTM. */
export function visionLstmNames(
  model: VisionLstm,
  { class: name, conv_kind }: Pick<OfficialVisionLstmArguments, "class" | "conv_kind">,
): OfficialName[] {
  const isFirst = name === "VisionLSTM";
  const causal = isFirst ? "conv1d.conv" : "conv.conv";
  const convolution = isFirst || conv_kind === "causal1d" ? causal : "conv";
  return model.namedState().map(([ours, { shape }]) => {
    const officialShape = ours === "positions" ? [1, ...model.places, shape[1] as number] : shape;
    return { official: nameOf(ours, isFirst, convolution), ours, shape, officialShape };
  });
}

function nameOf(ours: string, isFirst: boolean, convolution: string): string {
  const [part = "", ...rest] = ours.split(".");
  const inner = rest.join(".");
  if (part === "positions") return "pos_embed.embed";
  if (part === "patches") return `patch_embed.proj.${inner}`;
  if (part === "head") return `head.${inner}`;
  // The first version's norm after the blocks is called what the second calls the one after the ends are joined.
  if (part === "norm") return `${isFirst ? "legacy_norm" : "norm"}.${inner}`;
  if (part === "joinedNorm") return `${isFirst ? "norm" : "legacy_norm"}.${inner}`;
  const block = Number(rest[0]);
  const own = officialBlockName(rest.slice(1).join("."), convolution);
  if (isFirst) return `blocks.${block}.${own}`;
  const way = block % 2 === 0 ? "rowwise_from_top_left" : "rowwise_from_bot_right";
  return `blocks.${Math.floor(block / 2)}.${way}.${own}`;
}

/**
 * Gives a Vision-LSTM the weights of an official checkpoint. Positions of pictures of another size are resized, as the
 * official code does it.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadVisionLstm(
  model: VisionLstm,
  state: State,
  given: Pick<OfficialVisionLstmArguments, "class" | "conv_kind">,
): Promise<void> {
  const names = visionLstmNames(model, given);
  const fitted = new Map(state);
  const positions = state.get("pos_embed.embed");
  const [, ...places] = positions?.shape.slice(0, -1) ?? [];
  if (positions && places.join() !== model.places.join() && places.length === model.places.length) {
    fitted.set("pos_embed.embed", await movedPositions(positions, model.places));
  }
  await loadModel(model, fromOfficial(fitted, names));
}

/** A Vision-LSTM's weights under their official names. */
export async function visionLstmState(
  model: VisionLstm,
  given: Pick<OfficialVisionLstmArguments, "class" | "conv_kind">,
): Promise<Map<string, HostTensor>> {
  return toOfficial(await modelTensors(model), visionLstmNames(model, given));
}

/** `[1, ...places, D] -> [1, ...other places, D]` */
async function movedPositions(table: HostTensor, places: readonly number[]): Promise<HostTensor> {
  const old = table.shape.slice(1, -1);
  const width = table.shape.at(-1) as number;
  const count = (size: readonly number[]): number => size.reduce((all, one) => all * one, 1);
  const run = compile((given: Tensor) => {
    const planes = reshape(transpose(reshape(given, [count(old), width])), [1, width, ...old]);
    const moved = resize(planes, { size: [...places], mode: "cubic" });
    return reshape(transpose(reshape(moved, [width, count(places)])), [1, ...places, width]);
  });
  const result = await run(hostTensor(table.data as Float32Array, table.shape));
  await run.release();
  return result;
}
