import { QuireError } from "@quire/tensor";
import type { Figure } from "./figure.ts";
import type { System } from "./system.ts";
import type { Given, TaskAnswer, Wanted } from "./task-answer.ts";
import { controlAnswer } from "./tasks/control-answer.ts";
import { forecastAnswer } from "./tasks/forecast-answer.ts";
import { iconAnswer } from "./tasks/icon-answer.ts";
import { imageAnswer } from "./tasks/image-answer.ts";
import { languageAnswer } from "./tasks/language-answer.ts";
import { linkageAnswer } from "./tasks/linkage-answer.ts";
import { maskedAnswer } from "./tasks/masked-answer.ts";
import { segmentationAnswer } from "./tasks/segmentation-answer.ts";
import { sequenceAnswer } from "./tasks/sequence-answer.ts";
import { tabularAnswer } from "./tasks/tabular-answer.ts";
import { textToImageAnswer } from "./tasks/text-to-image-answer.ts";

/** One entry a task. */
const answers: readonly TaskAnswer[] = [
  imageAnswer,
  forecastAnswer,
  languageAnswer,
  maskedAnswer,
  tabularAnswer,
  linkageAnswer,
  sequenceAnswer,
  iconAnswer,
  textToImageAnswer,
  controlAnswer,
  segmentationAnswer,
];

/** What a trained system answers; undefined where its task has no answers. */
export function wantedBy(system: System): Wanted | undefined {
  return answers.find(({ isOf }) => isOf(system))?.wanted;
}

/**
 * What a trained system says of something that is given to it.
 *
 * @throws QuireError when it cannot read what it is given.
 */
export async function answer(system: System, given: Given): Promise<readonly Figure[]> {
  const found = answers.find(({ isOf }) => isOf(system));
  if (!found) throw new QuireError("this system has no answers to files.");
  return await found.answer(system, given);
}
