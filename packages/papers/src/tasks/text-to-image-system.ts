// N pictures, Z channels of latents, H rows, W columns, L caption tokens, K width of caption states

import {
  type Compiled,
  type CompileOptions,
  cast,
  compile,
  greaterEqual,
  type HostTensor,
  hostTensor,
  mean,
  mul,
  QuireError,
  Random,
  sub,
  type Tensor,
} from "@quire/tensor";
import {
  type Denoise,
  guidedValues,
  type Sampler,
  type SamplingStep,
  sampling,
} from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import type { RecordTokenizer } from "./record-tokenizer.ts";
import {
  type EncodedPictures,
  encodeCaptions,
  pictureBytes,
  picturesAt,
} from "./text-to-image-data.ts";
import { maskOf, picturesOf, valuesOf } from "./text-to-image-losses.ts";
import type { TextToImageDescription, TextToImageNetwork } from "./text-to-image-target.ts";

/** How pictures are drawn. */
export interface DrawOptions {
  /** Steps from noise to a picture; 20 unless said. */
  readonly steps?: number;
  /** How strongly captions are followed: 1 as they were learned, above it more; 4.5 unless said. */
  readonly guidance?: number;
  /** DPM-Solver++ of order 2 unless said. */
  readonly sampler?: Sampler;
  readonly seed?: number;
  /** Stops after the present step. */
  readonly signal?: AbortSignal;
}

/** Where drawing stands. */
export interface DrawingStep extends SamplingStep {
  /** What the values are as pictures: bytes `[N, H, W, C]`. */
  pictures(): Promise<Uint8Array>;
}

/** How well a system knows pictures. */
export interface TextToImageEvaluation {
  /** The mean squared error of the noise that it foretells, at times from all over. */
  readonly loss: number;
  /** Each picture's part of it. */
  readonly losses: Float64Array;
}

type Denoiser = Compiled<
  [Tensor, Tensor, Tensor, Tensor, Tensor],
  { readonly said: Tensor; readonly share?: Tensor }
>;

const PICTURES_A_BATCH = 64;
/** Few pictures are each measured at several times, so that it is about so many in all. */
const MEASURED = 256;
const USUAL = { steps: 20, guidance: 4.5, sampler: { kind: "dpm" }, seed: 0 } as const;

/** A network that draws with its tokenizer: it draws what captions say, and is measured on pictures. */
export class TextToImageSystem implements System<TextToImageDescription> {
  readonly model: TextToImageNetwork;
  readonly description: TextToImageDescription;
  readonly tokenizer: RecordTokenizer;
  readonly #encode: Compiled<[Tensor], { readonly states: Tensor; readonly mask: Tensor }>;
  readonly #denoise: Denoiser;
  readonly #decode: Compiled<[Tensor], Tensor>;
  readonly #errors: Compiled<[Tensor, Tensor, Tensor, Tensor], Tensor>;

  constructor(
    model: TextToImageNetwork,
    description: TextToImageDescription,
    tokenizer: RecordTokenizer,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.tokenizer = tokenizer;
    const { diffusion } = model;
    const { padding } = tokenizer;
    this.#encode = compile(
      (ids: Tensor) => {
        const mask = maskOf(ids, padding);
        return { states: model.captions(ids, mask).states, mask };
      },
      { name: "encode captions", ...options },
    );
    this.#denoise = compile(
      (noised: Tensor, times: Tensor, states: Tensor, mask: Tensor, without: Tensor) => {
        const output = model.denoise(noised, { times, captions: { states, mask }, without });
        return diffusion.parts(output);
      },
      { name: "denoise", ...options },
    );
    this.#decode = compile((values: Tensor) => picturesOf(model, values), {
      ...{ name: "decode", ...options },
    });
    this.#errors = compile(
      (images: Tensor, ids: Tensor, times: Tensor, noise: Tensor) => {
        const values = { start: valuesOf(model, images), times, noise };
        const captions = model.captions(ids, maskOf(ids, padding));
        const given = { times: cast(times, "float32"), captions };
        const { said } = diffusion.parts(model.denoise(diffusion.noised(values), given));
        const error = sub(said, diffusion.target(values));
        return mean(mul(error, error), { axes: [1, 2, 3] });
      },
      { name: "measure", ...options },
    );
  }

  /** What it is opened with again. */
  get files(): Readonly<Record<string, string>> {
    return { "tokenizer.json": this.tokenizer.text };
  }

  /**
   * A file of one step: what the network says of noised values with and without their captions, and the pictures of
   * values. Whatever samples needs no more than this and the diffusion's alphas.
   */
  get exported(): ExportedFunction {
    const { model, description, tokenizer } = this;
    const [channels, height, width] = this.model.values;
    const { length } = description.target;
    const pictures = [
      "batch",
      description.target.channels,
      description.target.height,
      description.target.width,
    ];
    const values = ["batch", channels, height, width];
    return {
      run: (noised, times, ids) => {
        const captions = model.captions(ids as Tensor, maskOf(ids as Tensor, tokenizer.padding));
        const given = { times: times as Tensor, captions };
        const { said, share } = model.diffusion.parts(model.denoise(noised as Tensor, given));
        const without = greaterEqual(times as Tensor, 0);
        const free = model.diffusion.parts(model.denoise(noised as Tensor, { ...given, without }));
        return {
          said,
          free: free.said,
          ...(share && { share }),
          pictures: picturesOf(model, noised as Tensor),
        };
      },
      inputs: {
        noised: { shape: values },
        times: { shape: ["batch"] },
        ids: { shape: ["batch", length], dtype: "int32" },
      },
      outputs: {
        ...{ said: values, free: values },
        ...(model.diffusion.variance === "learned" && { share: values }),
        pictures,
      },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        ...{ prediction: model.diffusion.prediction, steps: String(model.diffusion.steps) },
        input: `noised values, their times from 0 to ${model.diffusion.steps - 1}, and token ids of tokenizer.json filled up with ${tokenizer.padding}`,
        output:
          "noise foretold with the caption and without, share of the variance, and the values as pictures from -1 to 1",
      },
    };
  }

  /**
   * Draws what captions say, step by step; the last step's pictures are the drawings. The same seed draws the same.
   *
   * @throws QuireError when there is no caption, one is empty, or the steps do not fit the sampler.
   */
  async *draw(
    prompts: readonly string[],
    options: DrawOptions = {},
  ): AsyncGenerator<DrawingStep, void, undefined> {
    const { steps, guidance, sampler, seed } = { ...USUAL, ...options };
    checkPrompts(prompts);
    const [channels, height, width] = this.model.values;
    const shape = [prompts.length, channels, height, width];
    const size = prompts.length * channels * height * width;
    const denoise = await this.#guided(prompts, [channels, height, width], guidance);
    const limit = this.model.autoencoder ? {} : { limit: 1 };
    for await (const step of sampling(this.model.diffusion, denoise, {
      ...{ size, steps, sampler, seed, ...limit },
    })) {
      yield { ...step, pictures: () => this.#pictures(step.values, shape) };
      if (options.signal?.aborted) return;
    }
  }

  /**
   * Draws what captions say: bytes `[N, H, W, C]`.
   *
   * @throws QuireError when there is no caption, one is empty, or the steps do not fit the sampler.
   */
  async drawings(prompts: readonly string[], options: DrawOptions = {}): Promise<Uint8Array> {
    let last: DrawingStep | undefined;
    for await (const step of this.draw(prompts, options)) last = step;
    return (await last?.pictures()) ?? new Uint8Array();
  }

  /** Measures how well noise is foretold; the same noise and times for every system of one size. */
  async evaluate(data: EncodedPictures): Promise<TextToImageEvaluation> {
    const count = data.pictures.size;
    const rounds = Math.max(1, Math.round(MEASURED / count));
    const all = count * rounds;
    const random = new Random(0).fork("evaluation");
    const times = timesFor(all, this.model.diffusion.steps, random.fork("times"));
    const losses = new Float64Array(count);
    const size = Math.ceil(all / Math.ceil(all / PICTURES_A_BATCH));
    for (let first = 0; first < all; first += size) {
      // The last batch is filled up, so that one model is compiled.
      const entries = Array.from({ length: size }, (_, i) => Math.min(first + i, all - 1));
      const places = entries.map((entry) => entry % count);
      const own = Int32Array.from(entries, (entry) => times[entry] as number);
      const found = await this.#measure(data, places, own, random.fork(first));
      for (let i = 0; first + i < Math.min(all, first + size); i++) {
        const place = places[i] as number;
        losses[place] = (losses[place] as number) + (found[i] as number) / rounds;
      }
    }
    return { losses, loss: losses.reduce((sum, one) => sum + one, 0) / count };
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    const all = [this.#encode, this.#denoise, this.#decode, this.#errors];
    await Promise.all(all.map((compiled) => compiled.release()));
  }

  async #measure(
    data: EncodedPictures,
    places: readonly number[],
    times: Int32Array,
    random: Random,
  ): Promise<number[]> {
    const { images, ids } = picturesAt(data, places);
    const shape = [places.length, ...this.model.values];
    const noise = new Float32Array(shape.reduce((product, side) => product * side, 1));
    for (let i = 0; i < noise.length; i++) noise[i] = random.normal();
    const when = hostTensor(times, [places.length], "int32");
    const found = await this.#errors(images, ids, when, hostTensor(noise, shape, "float32"));
    return found.toArray();
  }

  async #captions(prompts: readonly string[]): Promise<{ states: HostTensor; mask: HostTensor }> {
    const { length } = this.description.target;
    const ids = encodeCaptions(this.tokenizer, prompts, length);
    return await this.#encode(hostTensor(ids, [prompts.length, length], "int32"));
  }

  /** One call of the network a step: with and without captions in one batch, unless guidance is 1. */
  async #guided(
    prompts: readonly string[],
    rest: readonly number[],
    guidance: number,
  ): Promise<Denoise> {
    const isTwice = guidance !== 1;
    const all = isTwice ? [...prompts, ...prompts] : prompts;
    const { states, mask } = await this.#captions(all);
    const flags = Uint8Array.from(all, (_, row) => Number(row >= prompts.length));
    const without = hostTensor(flags, [all.length], "bool");
    return async (noised, time) => {
      const values = new Float32Array(isTwice ? 2 * noised.length : noised.length);
      values.set(noised);
      if (isTwice) values.set(noised, noised.length);
      const both = hostTensor(values, [all.length, ...rest], "float32");
      const when = hostTensor(new Float32Array(all.length).fill(time), [all.length], "float32");
      const found = await this.#denoise(both, when, states, mask, without);
      const said = found.said.data as Float32Array;
      const own = said.subarray(0, noised.length);
      const share = (found.share?.data as Float32Array | undefined)?.subarray(0, noised.length);
      return {
        said: isTwice ? guidedValues(own, said.subarray(noised.length), guidance) : own,
        ...(share && { share }),
      };
    };
  }

  async #pictures(values: Float64Array, shape: readonly number[]): Promise<Uint8Array> {
    const found = await this.#decode(hostTensor(Float32Array.from(values), shape, "float32"));
    return pictureBytes(found.data as Float32Array, this.description.target);
  }
}

/** Times spread evenly over all, in an order of their own. */
function timesFor(count: number, steps: number, random: Random): Int32Array {
  const order = random.permutation(count);
  return Int32Array.from(order, (place) =>
    Math.min(steps - 1, Math.floor(((place + random.uniform()) / count) * steps)),
  );
}

function checkPrompts(prompts: readonly string[]): void {
  if (prompts.length > 0 && prompts.every((prompt) => prompt.trim() !== "")) return;
  throw new QuireError('the prompt is empty: say what is to be drawn, such as "a red circle".');
}
