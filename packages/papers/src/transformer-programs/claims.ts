import type { Experiment } from "../paper.ts";
import { accuracyByLength } from "./accuracy-by-length.ts";
import { otherTasks, solvedTasks } from "./solved-tasks.ts";
import { wordClasses } from "./word-classes.ts";

/** Tasks that programs solve, accuracy over length, and text. */
export const experiments: readonly Experiment[] = [
  solvedTasks,
  otherTasks,
  accuracyByLength,
  wordClasses,
];
