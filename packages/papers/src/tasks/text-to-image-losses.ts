// B batch, C channels of pictures, Z channels of latents, H rows, W columns, L caption tokens

import { divergenceFromNormal, drawn, inference, type Mode } from "@quire/nn";
import {
  add,
  cast,
  div,
  floor,
  mul,
  notEqual,
  randomNormal,
  randomUniform,
  reshape,
  stopGradient,
  sub,
  type Tensor,
} from "@quire/tensor";
import { meanAbsoluteError, type NoisedValues, type Traced } from "@quire/train";
import type { PictureBatch } from "./text-to-image-data.ts";
import type { PicturePrior, TextToImageNetwork } from "./text-to-image-target.ts";

/** What pictures are for the diffusion: pixels, or latents of mean 0 and deviation 1, drawn in training. */
export function valuesOf(
  network: TextToImageNetwork,
  images: Tensor,
  mode: Mode = inference,
): Tensor {
  const { autoencoder, latentMean, latentDeviation } = network;
  if (!autoencoder || !latentMean || !latentDeviation) return images;
  const latents = drawn(autoencoder.encode(images), mode);
  const shape = [1, latentMean.shape[0] as number, 1, 1];
  const centred = sub(latents, reshape(latentMean.tensor, shape));
  return stopGradient(div(centred, reshape(latentDeviation.tensor, shape)));
}

/** Pictures of what the diffusion runs over. `[B, Z, H, W] -> [B, C, H, W]` */
export function picturesOf(network: TextToImageNetwork, values: Tensor): Tensor {
  const { autoencoder, latentMean, latentDeviation } = network;
  if (!autoencoder || !latentMean || !latentDeviation) return values;
  const shape = [1, latentMean.shape[0] as number, 1, 1];
  const latents = add(
    mul(values, reshape(latentDeviation.tensor, shape)),
    reshape(latentMean.tensor, shape),
  );
  return autoencoder.decode(latents);
}

/** Which tokens are none of padding. `[B, L] -> [B, L]` */
export function maskOf(ids: Tensor, padding: number): Tensor {
  return notEqual(ids, padding);
}

/** Random noise and times for values. */
export function noisedAtRandom(
  network: TextToImageNetwork,
  start: Tensor,
  { random }: Mode,
): NoisedValues {
  if (!random) throw new Error("A training draws its noise and times.");
  const batch = start.shape[0] as number;
  const uniform = randomUniform(random.next(), [batch]);
  const times = cast(floor(mul(uniform, network.diffusion.steps)), "int32");
  return { start, times, noise: randomNormal(random.next(), start.shape) };
}

/** The loss of drawing what captions say. `-> []` */
export function drawingLoss(
  network: TextToImageNetwork,
  { images, ids }: Traced<PictureBatch>,
  padding: number,
  mode: Mode,
): Tensor {
  const values = noisedAtRandom(network, valuesOf(network, images, mode), mode);
  const captions = network.captions(ids, maskOf(ids, padding), mode);
  const times = cast(values.times, "float32");
  const noised = network.diffusion.noised(values);
  const output = network.denoise(noised, { times, captions }, mode);
  return network.diffusion.loss(output, values);
}

/** The loss of drawing pictures without captions. `-> []` */
export function priorLoss(
  network: TextToImageNetwork,
  prior: PicturePrior,
  { images }: Traced<PictureBatch>,
  mode: Mode,
): Tensor {
  const values = noisedAtRandom(network, valuesOf(network, images, mode), mode);
  const noised = network.diffusion.noised(values);
  const output = prior.denoise(noised, cast(values.times, "float32"), mode);
  return network.diffusion.loss(output, values);
}

/** How much the latents' divergence from a normal distribution counts beside the pictures' error. */
const DIVERGENCE_WEIGHT = 1e-3;

/** The loss of an autoencoder: the mean absolute error of its pictures, and a little divergence. `-> []` */
export function autoencoderLoss(
  { autoencoder }: TextToImageNetwork,
  { images }: Traced<PictureBatch>,
  mode: Mode,
): Tensor {
  if (!autoencoder) throw new Error("There is no autoencoder to train.");
  const latents = autoencoder.encode(images);
  const error = meanAbsoluteError(autoencoder.decode(drawn(latents, mode)), images);
  return add(error, mul(divergenceFromNormal(latents), DIVERGENCE_WEIGHT));
}
