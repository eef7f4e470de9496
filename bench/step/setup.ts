import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Setup } from "./peer.ts";
import type { Size } from "./size.ts";
import { count, layout } from "./size.ts";

/** Batches that the steps go through in turn. */
const batches = 4;

/** Uniform numbers in [0, 1) from a counter, the same on every machine. */
function uniform(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Writes the common weights and tokens of a size, and says where; `remove` deletes them. */
export async function writeSetup(size: Size, warmup: number) {
  const folder = await mkdtemp(join(tmpdir(), "quire-bench-"));
  const draw = uniform();
  const parameters = layout(size);
  const initial = (path: string) => {
    if (path.endsWith(".bias")) return () => 0;
    if (path.toLowerCase().includes("norm")) return () => 1;
    return () => (draw() - 0.5) * 0.07;
  };
  const values = parameters.flatMap(([path, shape]) =>
    Array.from({ length: count(shape) }, initial(path)),
  );
  const length = batches * size.batch * (size.length + 1);
  const ids = Array.from({ length }, () => Math.floor(draw() * size.vocabulary));
  const weights = join(folder, "weights.f32");
  const tokens = join(folder, "tokens.i32");
  await writeFile(weights, new Float32Array(values));
  await writeFile(tokens, new Int32Array(ids));
  const setup: Setup = { size, parameters, weights, tokens, warmup };
  return { setup, remove: () => rm(folder, { recursive: true }) };
}
