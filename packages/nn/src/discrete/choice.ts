// K values to choose from

import {
  add,
  argmax,
  div,
  log,
  maximum,
  neg,
  type Operand,
  oneHot,
  type RandomKeys,
  randomUniform,
  reshape,
  type Shape,
  sizeOf,
  slice,
  softmax,
  stopGradient,
  sub,
  type Tensor,
} from "@quire/tensor";

/**
 * Chooses one of K values by their logits: weights that are not negative and sum to 1 along the last axis.
 * `[..., K] -> [..., K]`
 */
export type Choice = (logits: Tensor) => Tensor;

/** The likeliest value, the first among equals, as ones and zeros; it has no gradient. `[..., K] -> [..., K]` */
export const hardChoice: Choice = (logits) => oneHot(argmax(logits), logits.shape.at(-1) as number);

/** Softmax of logits divided by a temperature; near 0 almost all weight is the likeliest value's. */
export function softChoice(temperature: Operand): Choice {
  return (logits) => softmax(div(logits, temperature));
}

/**
 * A sample in the interior of the simplex: softmax of logits with Gumbel noise, divided by a temperature. Its likeliest
 * value is drawn with the softmax's probabilities whatever the temperature is (Jang et al. 2017, eq. 2; Maddison et al.
 * 2017, definition 1).
 *
 * @param draws How many logits all its calls in a trace choose by. Their noise is then drawn at once: a kernel's start
 * costs more than the draws of a gate.
 */
export function gumbelChoice(temperature: Operand, random: RandomKeys, draws?: number): Choice {
  const noise =
    draws === undefined
      ? (shape: Shape) => gumbelNoise(shape, random)
      : piecesOf(gumbelNoise([draws], random));
  return (logits) => softmax(div(add(logits, noise(logits.shape)), temperature));
}

/** Gives the elements of a vector one after another, in the shapes that are asked for. */
function piecesOf(all: Tensor): (shape: Shape) => Tensor {
  let taken = 0;
  return (shape) => {
    const from = taken;
    taken += sizeOf(shape);
    return reshape(slice(all, [from], [taken]), shape);
  };
}

/** Forward the likeliest value of a choice, backward the gradient of the choice itself (Bengio et al. 2013). */
export function straightThrough(choice: Choice): Choice {
  return (logits) => {
    const soft = choice(logits);
    return add(stopGradient(sub(hardChoice(soft), soft)), soft);
  };
}

/** Half the distance of two uniform draws, so that no logarithm is taken of 0. */
const SMALLEST = 2 ** -25;

/** Draws from the Gumbel distribution: -log(-log(u)). */
function gumbelNoise(shape: Shape, random: RandomKeys): Tensor {
  const uniform = maximum(randomUniform(random.next(), shape), SMALLEST);
  return neg(log(neg(log(uniform))));
}
