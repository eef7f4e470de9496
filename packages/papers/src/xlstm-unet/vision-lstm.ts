// B batch, C channels, T patches, D width, K classes

import {
  Convolution,
  Linear,
  linearRates,
  type Mode,
  Module,
  type TokenConvolutionOptions,
  truncatedNormal,
  VisionLstmBlock,
  xavierUniform,
  zeros,
} from "@quire/nn";
import {
  add,
  concat,
  layerNorm,
  mul,
  QuireError,
  reshape,
  resize,
  slice,
  squeeze,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";

/** What a Vision-LSTM is made of (Alkin et al. 2024). */
export interface VisionLstmOptions {
  readonly width: number;
  /** Blocks, each of which reads in one direction; they take turns. */
  readonly depth: number;
  /** Side of a patch, and how far patches stand apart; as far as their side unless said. */
  readonly patch: { readonly side: number; readonly stride?: number };
  /** How neighbouring patches are mixed in each block: along the row, or in the grid. */
  readonly convolution: { readonly kind: "causal" | "grid"; readonly kernel: number };
  /** Whether projections, and norms, have biases. */
  readonly bias: { readonly projections: boolean; readonly norms: boolean };
  /** Share of the samples that skip a block in training; it grows over the blocks where told so. */
  readonly stochasticDepth?: { readonly rate: number; readonly grows: boolean };
  /** What is said of the picture, and what norms come before it. */
  readonly end: VisionLstmEnd;
}

/** What a Vision-LSTM says. */
export interface VisionLstmEnd {
  /** Logits of the first and the last patch's mean or of both side by side, or what each patch holds. */
  readonly says: "mean of ends" | "both ends" | "patches";
  /** The classes of logits. */
  readonly classes?: number;
  /** What comes after the blocks, and after the ends are joined. */
  readonly norms: { readonly blocks: EndNorm; readonly joined: EndNorm };
}

/** A norm at the end: none, one with a scale learnt as its distance from 1, with or without a shift, or the usual one. */
export type EndNorm =
  | "none"
  | {
      readonly kind: "offset" | "offset and shift" | "usual";
      readonly epsilon: number;
    };

/**
 * A picture as a row of patches that blocks with matrix memories read from both ends in turn.
 * `[B, C, ...space] -> [B, K]`, or `[B, T, D]` where patches are said
 */
export class VisionLstm extends Module {
  readonly patches: Convolution;
  readonly positions: Variable;
  readonly blocks: readonly VisionLstmBlock[];
  readonly norm: NormAtEnd | undefined;
  readonly joinedNorm: NormAtEnd | undefined;
  readonly head: Linear | undefined;
  readonly says: VisionLstmEnd["says"];
  /** Patches along each axis of space. */
  readonly grid: readonly number[];
  /** Positions along each axis: as many as patches that do not overlap. */
  readonly places: readonly number[];

  /** @param target The picture's channels, and its size along each axis of space. */
  constructor(
    options: VisionLstmOptions,
    target: { readonly channels: number; readonly size: readonly number[] },
  ) {
    super();
    const { width, depth, patch, end } = options;
    const { side, stride = side } = patch;
    const kernel = target.size.map(() => side);
    if (target.size.some((length) => length % side !== 0)) {
      throw new QuireError(
        `pictures of ${target.size.join(" x ")} are no whole number of patches of ${side}: give another size.`,
      );
    }
    const whole = target.size.map((length) => length / side);
    this.grid = target.size.map((length) => Math.floor((length - side) / stride) + 1);
    this.places = whole;
    const layer = { in: target.channels, out: width, kernel, initial: xavierUniform };
    this.patches = new Convolution(layer, { stride });
    const tokens = whole.reduce((product, length) => product * length, 1);
    this.positions = new Variable([tokens, width], { initial: truncatedNormal(0.02) });
    this.blocks = blocksOf(options, depth, whole[0] as number);
    this.says = end.says;
    const joined = end.says === "both ends" ? 2 * width : width;
    this.norm = normOf(end.norms.blocks, width);
    this.joinedNorm = normOf(end.norms.joined, joined);
    this.head =
      end.classes === undefined
        ? undefined
        : new Linear({
            in: joined,
            out: end.classes,
            initial: truncatedNormal(2e-5),
            initialBias: zeros,
          });
  }

  /** `[B, C, ...space] -> [B, K]`, or `[B, T, D]` where patches are said */
  forward(x: Tensor, mode?: Mode): Tensor {
    const cut = this.patches.forward(x);
    const [batch, width, ...grid] = cut.shape as [number, number, ...number[]];
    const tokens = grid.reduce((product, length) => product * length, 1);
    const row = transpose(reshape(cut, [batch, width, tokens]), [0, 2, 1]);
    let stream = add(row, this.#positionsOf(grid));
    for (const block of this.blocks) stream = block.forward(stream, mode);
    const walked = this.norm?.forward(stream) ?? stream;
    const said = this.#joined(walked);
    const normal = this.joinedNorm?.forward(said) ?? said;
    return this.head?.forward(normal) ?? normal;
  }

  /** Positions of overlapping patches lie between those that were learnt, as the released code resizes them. */
  #positionsOf(grid: readonly number[]): Tensor {
    if (grid.join() === this.places.join()) return this.positions.tensor;
    const width = this.positions.shape[1] as number;
    const planes = reshape(transpose(this.positions, [1, 0]), [1, width, ...this.places]);
    const moved = resize(planes, { size: [...grid], mode: "cubic" });
    const tokens = grid.reduce((product, length) => product * length, 1);
    return transpose(reshape(moved, [width, tokens]), [1, 0]);
  }

  #joined(stream: Tensor): Tensor {
    if (this.says === "patches") return stream;
    const length = stream.shape[1] as number;
    const at = (place: number): Tensor =>
      squeeze(slice(stream, [place], [place + 1], { axes: [1] }), [1]);
    const [first, last] = [at(0), at(length - 1)];
    return this.says === "both ends" ? concat([first, last], 1) : mul(add(first, last), 0.5);
  }
}

function blocksOf(options: VisionLstmOptions, depth: number, rows: number): VisionLstmBlock[] {
  const { width, bias, stochasticDepth, convolution } = options;
  const rates = Array.from({ length: depth }, () => stochasticDepth?.rate ?? 0);
  const grown = stochasticDepth?.grows ? linearRates(depth, stochasticDepth.rate) : rates;
  const mixed: TokenConvolutionOptions =
    convolution.kind === "causal"
      ? { kind: "causal", kernel: convolution.kernel }
      : { kind: "grid", kernel: convolution.kernel, rows };
  return grown.map(
    (rate, i) =>
      new VisionLstmBlock({
        ...{ width, stochasticDepth: rate, normBias: bias.norms },
        direction: i % 2 === 0 ? "forward" : "backward",
        layer: { bias: bias.projections, convolution: mixed },
      }),
  );
}

function normOf(norm: EndNorm, width: number): NormAtEnd | undefined {
  return norm === "none" ? undefined : new NormAtEnd(norm, width);
}

/** A norm whose scale is learnt as it is or as its distance from 1. `[..., D] -> [..., D]` */
class NormAtEnd extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly isOffset: boolean;
  readonly epsilon: number;

  constructor({ kind, epsilon }: Exclude<EndNorm, "none">, width: number) {
    super();
    this.isOffset = kind !== "usual";
    this.weight = new Variable([width], { initial: this.isOffset ? 0 : 1 });
    this.bias = kind === "offset" ? undefined : new Variable([width]);
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Tensor): Tensor {
    const scale = this.isOffset ? add(this.weight, 1) : this.weight;
    return layerNorm(x, scale, this.bias, { epsilon: this.epsilon });
  }
}
