import type { System } from "@quire/papers";
import { type FileSize, fileSize } from "@quire/papers/obert/file-size";
import { int8 } from "@quire/tensor";
import { metricText, spaced } from "../metric-text.ts";
import { count } from "../numbers.ts";
import type { SubjectData } from "../subject/subject.ts";
import { type Column, table } from "../table.ts";
import type { Evaluation } from "../tasks/task.ts";

/** What a model is before or after it was pruned. */
export interface Stage {
  readonly name: string;
  /** Undefined where there is nothing to measure on. */
  readonly evaluation: Evaluation | undefined;
  /** Its file, with weights of 32 bits and of 8. */
  readonly float32: FileSize;
  readonly int8: FileSize;
}

/** Measures a model and weighs its file. */
export async function stageOf(
  name: string,
  system: System,
  data: SubjectData | undefined,
): Promise<Stage> {
  return {
    name,
    evaluation: await data?.measure(system),
    float32: await fileSize(system),
    int8: await fileSize(system, int8()),
  };
}

/** A table of stages, a line each. */
export function stagesTable(stages: readonly Stage[]): string {
  const metrics = stages[0]?.evaluation?.metrics.map(({ name }) => spaced(name)) ?? [];
  const titles = [...metrics, "bytes", "packed", "of 8 bits", "packed"];
  const columns: Column[] = [
    { title: "" },
    ...titles.map((title) => ({ title, align: "right" }) as const),
  ];
  const rows = stages.map(({ name, evaluation, float32, int8: small }) => [
    name,
    ...(evaluation?.metrics.map(({ value, as }) => metricText(value, as)) ?? []),
    ...[float32.plain, float32.packed, small.plain, small.packed].map(count),
  ]);
  const { count: number, what } = stages[0]?.evaluation ?? {};
  const end = number === undefined ? "" : `\nMeasured on ${count(number)} ${what}.`;
  return `${table(columns, rows)}${end}`;
}
