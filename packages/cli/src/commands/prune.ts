import { inverseBytes } from "@quire/papers/obert/block-inverse";
import { PrunableWeights, prunablePaths } from "@quire/papers/obert/prunable-weights";
import { machineMemory } from "@quire/train/node";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { count, percent } from "../numbers.ts";
import {
  choice,
  flag,
  names,
  number,
  required,
  type Values,
  whole,
  withDefault,
} from "../option.ts";
import { fileLearner } from "../pruning/file-learner.ts";
import { type Learner, runLearner } from "../pruning/learner.ts";
import { pruneLearner } from "../pruning/prune-learner.ts";
import { type Stage, stageOf, stagesTable } from "../pruning/stages.ts";
import { checkPlace, derivedOptions, writeChanged } from "../subject/derive.ts";
import {
  openSubject,
  requireData,
  type Subject,
  type SubjectContext,
  subjectArgument,
  subjectOptions,
} from "../subject/subject.ts";

const options = {
  ...subjectOptions,
  ...derivedOptions,
  method: withDefault(
    choice(
      "What is pruned: where the loss rises least by its curvature, small weights, or small products of weight and slope",
      ["obert", "magnitude", "first-order"],
    ),
    "obert",
  ),
  sparsity: required(
    number("The share of the weights that becomes 0, such as 0.9", { above: 0, to: 0.999 }),
  ),
  block: withDefault(
    whole("Weights that follow each other and are pruned together, such as 4", { from: 1, to: 64 }),
    1,
  ),
  gradual: flag("Prune step by step while the model is trained on, with itself as a dense teacher"),
  epochs: whole(
    "Epochs of gradual pruning; as many as the run was trained for, or 10, unless said",
    {
      from: 1,
      to: 100_000,
    },
  ),
  learningRate: number(
    "The rate that gradual pruning starts from, again after each step; the run's highest, or 1e-4, unless said",
    { above: 0 },
  ),
  gradients: withDefault(
    whole("Gradients that the curvature is made from", { from: 1, to: 1e6 }),
    1024,
  ),
  gradientBatch: withDefault(whole("Examples of each gradient", { from: 1, to: 65_536 }), 16),
  fisherBlock: whole("Weights of a block of the curvature; 50, or 32 with --block, unless said", {
    from: 1,
    to: 1024,
  }),
  damping: withDefault(number("What is added to the curvature of each weight", { above: 0 }), 1e-7),
  recomputations: withDefault(
    whole("Parts of each step of pruning, with gradients of their own", { from: 1, to: 1000 }),
    1,
  ),
  update: withDefault(
    choice(
      "How weights that are left move: for all that is pruned together, or for each apart, and summed",
      ["together", "apart"],
    ),
    "together",
  ),
  keep: names("Parts of names of weights that are left as they are"),
};

type PruneOptions = Values<typeof options>;

/** Prunes weights of a trained model. */
export const pruneCommand = command({
  name: "prune",
  summary: "Set weights of a trained model to 0 where that costs least, and compare",
  arguments: [subjectArgument],
  options,
  examples: [
    "quire prune runs/cct-1 --sparsity 0.8",
    "quire prune cct-1 --sparsity 0.9 --block 4 --gradual --epochs 20",
    "quire prune resnet.onnx --data flowers --sparsity 0.7 --recomputations 8",
  ],
  run: async ([name = ""], given, { console, words, interruptible }) => {
    const { seed, sparsity, block, method, gradual } = given;
    const fisherBlock = fisherBlockOf(given);
    const subject = await openSubject(name, given, { seed, console });
    await checkPlace(subject, given);
    const learner = await learnerOf(subject, given, { seed, console });
    const { system, recipe } = learner;
    const weights = weightsOf(learner, given, fisherBlock);
    console.note(planText(weights, given));
    const stages: Stage[] = [await stageOf("before", system, subject.data)];
    const job = {
      ...{ weights, options: { ...given, group: block }, sparsity, seed },
      ...{ rows: given.gradientBatch, recomputations: given.recomputations },
      ...{ signal: interruptible(), ...(gradual && { gradual: trainingOf(given, recipe) }) },
    };
    const { predicted, ...pruned } = await pruneLearner(learner, job, console);
    stages.push(await stageOf("pruned", system, subject.data));
    const written = await writeChanged(subject, given, {
      ...{ method: "obert", system, suffix: "pruned", words },
      options: { method, sparsity, block, gradual },
    });
    await Promise.all([learner.release(), subject.system.release()]);
    const done = `${percent(pruned.sparsity)} of ${count(weights.size)} weights are 0.`;
    console.print(`${stagesTable(stages)}\n${done}\nWrote ${written}.`);
    console.result({
      written,
      sparsity: pruned.sparsity,
      predicted,
      stages,
      layers: await weights.shares(),
    });
  },
});

/** @throws UsageError when groups do not fill blocks. */
function fisherBlockOf({ fisherBlock, block }: PruneOptions): number {
  const size = fisherBlock ?? (block === 1 ? 50 : block * Math.max(1, Math.round(32 / block)));
  if (size % block === 0) return size;
  throw new UsageError(
    `--fisher-block ${size} is no multiple of --block ${block}: choose one that is, such as ${block * Math.ceil(size / block)}.`,
  );
}

async function learnerOf(
  subject: Subject,
  given: PruneOptions,
  { seed, console }: SubjectContext,
): Promise<Learner> {
  if (subject.run) return await runLearner(subject.run, console);
  const needsLoss = given.method !== "magnitude" || given.gradual;
  if (needsLoss) requireData(subject);
  return await fileLearner(subject, needsLoss ? subject.data : undefined, seed);
}

/** @throws UsageError when nothing can be pruned, or the curvature does not fit into memory. */
function weightsOf(
  { system }: Learner,
  { keep = [], method }: PruneOptions,
  size: number,
): PrunableWeights {
  const paths = prunablePaths(system, (path) => keep.some((part) => path.includes(part)));
  if (paths.length === 0) {
    throw new UsageError(
      "the model has no weights that could be pruned: leave --keep out, or take another model.",
    );
  }
  const weights = new PrunableWeights(system.model, paths, size);
  const bytes = inverseBytes(weights.blocks, size);
  if (method === "obert" && bytes > machineMemory()) {
    throw new UsageError(
      `the curvature of ${count(weights.size)} weights in blocks of ${size} takes ${gibibytes(bytes)}, ` +
        `more than the ${gibibytes(machineMemory())} that are free: choose a smaller --fisher-block.`,
    );
  }
  return weights;
}

function planText(weights: PrunableWeights, { sparsity, block, method }: PruneOptions): string {
  const layers = weights.weights.length;
  const wanted = count(Math.round(sparsity * weights.size));
  const groups = block > 1 ? `, ${block} at a time` : "";
  const curvature =
    method === "obert"
      ? ` Their curvature in blocks of ${weights.blockSize} takes ${gibibytes(inverseBytes(weights.blocks, weights.blockSize))}.`
      : "";
  return `${count(weights.size)} weights of ${layers} layers may be pruned, ${wanted} are to be${groups}.${curvature}`;
}

function gibibytes(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function trainingOf(given: PruneOptions, recipe: Learner["recipe"]) {
  return {
    epochs: given.epochs ?? recipe.epochs,
    learningRate: given.learningRate ?? recipe.learningRate,
  };
}
