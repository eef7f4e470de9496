import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Setup } from "./peer.ts";
import type { Size } from "./size.ts";
import { valuesOf } from "./values.ts";

/** Writes the common weights and tokens of a size, and says where; `remove` deletes them. */
export async function writeSetup(size: Size, warmup: number) {
  const folder = await mkdtemp(join(tmpdir(), "quire-bench-"));
  const values = valuesOf(size);
  const weights = join(folder, "weights.f32");
  const tokens = join(folder, "tokens.i32");
  await writeFile(weights, values.weights);
  await writeFile(tokens, values.tokens);
  const setup: Setup = { size, parameters: values.parameters, weights, tokens, warmup };
  return { setup, remove: () => rm(folder, { recursive: true }) };
}
