/**
 * How long a large training step takes to trace, differentiate, rewrite and load, and what counting the parameters
 * of a model that no machine here could hold costs.
 */
import { countParameters, Transformer } from "@quire/nn";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { adamW, crossEntropy } from "@quire/train";
import { machine } from "../step/report.ts";
import { spread } from "../step/statistics.ts";

const rounds = 5;
const limits = { compileSeconds: 4, countMilliseconds: 100 };

/** GPT-2's smallest size at batch 1 and length 128. */
const size = { vocabulary: 50_257, width: 768, depth: 12, heads: 12, length: 128 };

async function compileOnce(): Promise<number> {
  const start = performance.now();
  const model = new Transformer(size);
  const optimizer = adamW(model.parameters(), { learningRate: 3e-4 });
  const step = compile((ids: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(ids), labels);
    optimizer.minimize(loss);
    return { loss };
  });
  const ids = hostTensor(new Int32Array(size.length), [1, size.length]);
  await step.prepare(ids, ids);
  const milliseconds = performance.now() - start;
  await step.release();
  return milliseconds;
}

function count(): { readonly parameters: number; readonly milliseconds: number } {
  const start = performance.now();
  const model = new Transformer({ ...size, width: 5120, depth: 32, heads: 32, length: 2048 });
  return { parameters: countParameters(model), milliseconds: performance.now() - start };
}

function line(what: string, got: number, unit: string, most: number): string {
  return `${got <= most ? "met   " : "MISSED"} ${what}: ${got.toFixed(1)} ${unit}, at most ${most}`;
}

console.log(machine());
const before = process.memoryUsage().rss;
const counted = count();
const grown = (process.memoryUsage().rss - before) / 1e6;
const times: number[] = [];
for (let round = 0; round < rounds; round++) times.push((await compileOnce()) / 1000);
const { median, low, high } = spread(times);
console.log(
  line(
    `counting ${(counted.parameters / 1e9).toFixed(1)} billion parameters`,
    counted.milliseconds,
    "ms",
    limits.countMilliseconds,
  ),
);
console.log(`       memory it took: ${grown.toFixed(1)} MB`);
console.log(
  line("GPT of 12 layers, width 768, with AdamW, compiled", median, "s", limits.compileSeconds),
);
console.log(`       quartiles ${low.toFixed(2)} to ${high.toFixed(2)} s over ${rounds} rounds`);
