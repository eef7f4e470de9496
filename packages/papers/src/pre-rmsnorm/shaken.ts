import { initialize, type Module } from "@quire/nn";
import { hostTensor, Random } from "@quire/tensor";

/**
 * Gives every parameter random values, scales and shifts of norms and biases too, which begin at 1 and 0: a mistake in
 * any of them shows.
 */
export async function shake(model: Module, seed: number): Promise<void> {
  initialize(model, seed);
  const random = new Random(seed).fork("shake");
  const vectors = model.namedParameters().filter(([, { shape }]) => shape.length === 1);
  for (const [path, variable] of vectors) {
    const own = random.fork(path);
    const value = await variable.get();
    const moved = value.toArray().map((one) => one + 0.2 * own.normal());
    await variable.set(hostTensor(moved, value.shape));
  }
}
