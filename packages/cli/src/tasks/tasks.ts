import type { Paper, TaskName } from "@quire/papers";
import { UsageError } from "../errors.ts";
import { control } from "./control.ts";
import { forecasting } from "./forecasting.ts";
import { icon } from "./icon.ts";
import { imageClassification } from "./image-classification.ts";
import { languageModelling } from "./language-modelling.ts";
import { linkage } from "./linkage.ts";
import { segmentation } from "./segmentation.ts";
import { sequenceLabelling } from "./sequence-labelling.ts";
import { tabularPrediction } from "./tabular-prediction.ts";
import type { Task } from "./task.ts";
import { textToImage } from "./text-to-image.ts";

/** All tasks that the commands know. */
const tasks: readonly Task[] = [
  imageClassification,
  tabularPrediction,
  forecasting,
  linkage,
  languageModelling,
  sequenceLabelling,
  textToImage,
  icon,
  control,
  segmentation,
];

/**
 * The task of a paper.
 *
 * @throws UsageError when the paper trains nothing of its own.
 */
export function taskOf({ id, task }: Pick<Paper, "id" | "task">): Task {
  const found = taskNamed(task);
  if (found) return found;
  throw new UsageError(
    `${id} trains nothing of its own: it is a ${task}; "quire show ${id}" says how to use it.`,
  );
}

/** A task by its name. */
export function taskNamed(name: TaskName): Task | undefined {
  return tasks.find((known) => known.name === name);
}
