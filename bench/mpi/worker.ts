/** One of the processes of a training: the same GPT steps, timed by process 0, which leaves them in a file. */
import { writeFileSync } from "node:fs";
import { countParameters, Division, type DivisionOptions, initialize } from "@quire/nn";
import { MegatronGpt } from "@quire/papers/megatron-lm/model";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { adamW, dataParallel, Training } from "@quire/train";
import { mpi } from "@quire/train/node";

interface Batch {
  readonly ids: HostTensor;
  readonly labels: HostTensor;
}

const [path = "", mode = "", steps = "20"] = process.argv.slice(2);
const vocabulary = 512;
/** Ways in which processes divide the model; they share batches otherwise. */
const divisions: Readonly<Record<string, DivisionOptions>> = {
  divided: {},
  sequence: { sequence: true },
};
const [rows, length] = [32, 64];

function batchOf(step: number): Batch {
  const random = new Random(step);
  const tokens = Int32Array.from({ length: rows * (length + 1) }, () =>
    Math.floor(random.uniform() * vocabulary),
  );
  const from = (shift: number): HostTensor => {
    const part = Int32Array.from({ length: rows * length }, (_, i) => {
      const row = Math.floor(i / length);
      return tokens[row * (length + 1) + (i % length) + shift] as number;
    });
    return hostTensor(part, [rows, length]);
  };
  return { ids: from(0), labels: from(1) };
}

const group = mode === "alone" ? undefined : await mpi();
const division = group && mode !== "shared" ? new Division(group, divisions[mode]) : undefined;
const size = { width: 256, depth: 2, heads: 8, dropout: 0 };
const model = new MegatronGpt(size, { vocabulary, context: length }, division);
initialize(model, 1);
const training = new Training<Batch>({
  model,
  optimizer: adamW(model.parameters(), { learningRate: 3e-4 }),
  loss: ({ ids, labels }, how) => model.loss(ids, labels, how),
  ...(group && !division && { gradients: dataParallel(group) }),
});
const losses: number[] = [];
const milliseconds: number[] = [];
const batches = (_: number, start: number): Batch[] =>
  Array.from({ length: Number(steps) - start }, (_, i) => batchOf(start + i));
let began = performance.now();
for await (const event of training.run({ epochs: 1, batches })) {
  if (event.type !== "step") continue;
  losses.push(event.loss);
  milliseconds.push(performance.now() - began);
  began = performance.now();
}
if ((group?.rank ?? 0) === 0) {
  const told = { losses, milliseconds, parameters: countParameters(model) };
  writeFileSync(path, JSON.stringify(told));
}
