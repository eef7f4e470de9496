import { countParameters, initialize } from "@quire/nn";
import {
  cast,
  constant,
  equal,
  gather,
  type HostTensor,
  hostTensor,
  matmul,
  reshape,
  sub,
  type Tensor,
  transpose,
} from "@quire/tensor";
import {
  crossEntropy,
  exactSearch,
  onlineContrastive,
  type RetrievalScores,
  retrievalScores,
  supervisedContrastive,
} from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { TrainingExtras } from "../recipe.ts";
import { planTraining, type TrainingPlan } from "../training-plan.ts";
import { groupBatchCount, groupBatches, membersOf } from "./linkage-batches.ts";
import { alikeGroups, type LinkageExamples } from "./linkage-examples.ts";
import type { LinkageRecipe } from "./linkage-target.ts";
import type { Linker } from "./linker.ts";

/** Texts of groups, as a step takes them. */
export interface LinkageBatch {
  /** `int32 [B, T]` */
  readonly ids: HostTensor;
  /** Each text's group or class, `int32 [B]`. */
  readonly groups: HostTensor;
}

/** What a linker is trained with. */
export interface LinkageTrainingOptions {
  readonly train: LinkageExamples;
  /** Measured after every epoch. */
  readonly validation: LinkageExamples;
  readonly recipe: LinkageRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
  /** Whether the model goes on from the weights it has; it is drawn anew unless said. */
  readonly goesOn?: boolean;
}

/** What evaluations of linkers measure. */
export const linkageMetrics = [
  { name: "accuracy", as: "share", better: "higher" },
  { name: "meanReciprocalRank", as: "number", better: "higher" },
] as const;

const classMetrics = [{ name: "accuracy", as: "share", better: "higher" }] as const;

/**
 * Plans the training of a linker by the supervised contrastive or the online contrastive loss on batches of whole
 * groups, or of a classifier by the cross-entropy.
 */
export function planLinkageTraining(
  linker: Linker,
  options: LinkageTrainingOptions,
): TrainingPlan<LinkageBatch> {
  const { train, validation, recipe, extras = {}, seed } = options;
  const { model } = linker;
  if (!options.goesOn) initialize(model, seed);
  const isClassifier = train.classes !== undefined;
  // Classes need no company: each text is a group of its own.
  const groups = isClassifier ? Int32Array.from(train.records, (_, i) => i) : train.groups;
  const sampling = {
    ...{ members: membersOf(groups), perGroup: recipe.perGroup, seed },
    batchSize: Math.min(recipe.batchSize, train.records.length),
    ...(!isClassifier &&
      recipe.hardNegatives > 0 && {
        ...{ rivals: alikeGroups(train), rivalShare: recipe.hardNegatives },
      }),
  };
  return planTraining<LinkageBatch>({
    ...{ model, recipe, extras, seed },
    loss: ({ ids, groups: own }, mode) => {
      const outputs = model.forward(ids, mode);
      return isClassifier ? crossEntropy(outputs, own) : contrastiveLoss(outputs, own, recipe);
    },
    data: {
      batchesPerEpoch: groupBatchCount(sampling),
      batches: function* (epoch, start) {
        for (const places of groupBatches(sampling, epoch, start)) {
          const chosen = Array.from(places, (place) => train.records[place] as readonly string[]);
          const labels = Int32Array.from(places, (place) => train.groups[place] as number);
          yield {
            ids: linker.tokens(chosen),
            groups: hostTensor(labels, [labels.length], "int32"),
          };
        }
      },
    },
    evaluation: isClassifier
      ? {
          metrics: classMetrics,
          scores: ({ ids }, mode) => model.forward(ids, mode),
          evaluate: async () => ({ accuracy: await classAccuracy(linker, validation) }),
        }
      : {
          metrics: linkageMetrics,
          evaluate: async () => ({ ...(await evaluateLinking(linker, validation)) }),
        },
  });
}

function contrastiveLoss(vectors: Tensor, groups: Tensor, recipe: LinkageRecipe): Tensor {
  if (recipe.loss === "supcon") {
    return supervisedContrastive(vectors, groups, { temperature: recipe.temperature });
  }
  const [distances, same] = pairsOf(vectors, groups, recipe.loss === "online-contrastive-all");
  return onlineContrastive(distances, same, { margin: recipe.margin });
}

/** Cosine distances of pairs of a batch, all or neighbours, and whether each is of one group. `-> [P], int32 [P]` */
function pairsOf(vectors: Tensor, groups: Tensor, all: boolean): [distances: Tensor, same: Tensor] {
  const [count = 0] = vectors.shape;
  const above: number[] = [];
  for (let i = 0; i < count; i++) {
    const last = all ? count : Math.min(count, i + 2);
    for (let j = i + 1; j < last; j++) above.push(i * count + j);
  }
  const places = constant(hostTensor(above, [above.length], "int32"));
  const cosines = reshape(matmul(vectors, transpose(vectors)), [count * count]);
  const same = equal(reshape(groups, [count, 1]), reshape(groups, [1, count]));
  const listed = gather(reshape(cast(same, "int32"), [count * count]), places);
  return [sub(1, gather(cosines, places)), listed];
}

/**
 * How often a record finds another one of its group: the first record of each group is looked for, by all others.
 */
export async function evaluateLinking(
  linker: Linker,
  { records, groups }: LinkageExamples,
): Promise<RetrievalScores> {
  const { values, width } = await linker.embed(records);
  const firsts: number[] = [];
  const others: number[] = [];
  const seen = new Set<number>();
  for (const [place, group] of groups.entries()) {
    (seen.has(group) ? others : firsts).push(place);
    seen.add(group);
  }
  if (others.length === 0) return { accuracy: 0, recallAt10: 0, meanReciprocalRank: 0 };
  const rows = (places: readonly number[]) => {
    const chosen = new Float32Array(places.length * width);
    for (const [i, place] of places.entries()) {
      chosen.set(values.subarray(place * width, (place + 1) * width), i * width);
    }
    return { values: chosen, width };
  };
  const found = await exactSearch(rows(firsts), rows(others), { k: 10 });
  return retrievalScores(
    found,
    (query, place) => groups[others[query] as number] === groups[firsts[place] as number],
  );
}

/** The share of records whose likeliest class is the right one. */
export async function classAccuracy(linker: Linker, examples: LinkageExamples): Promise<number> {
  const { records, groups, classes = [] } = examples;
  const found = await linker.classify(records);
  const right = found.filter(({ label }, i) => label === classes[groups[i] as number]).length;
  return right / records.length;
}

/** What a training of a linker gave. */
export interface LinkageTraining extends Followed {
  readonly parameters: number;
}

/**
 * Trains a linker.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function trainLinker(
  linker: Linker,
  { signal, onBatch, onEpoch, ...options }: LinkageTrainingOptions & FollowOptions,
): Promise<LinkageTraining> {
  const followed = await followPlan(planLinkageTraining(linker, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
  return { ...followed, parameters: countParameters(linker.model) };
}
