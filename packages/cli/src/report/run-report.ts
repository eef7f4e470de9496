import type { Dataset } from "@quire/data";
import type { CurvePoint, ImageClassifier, ImageEvaluation } from "@quire/papers";
import { count, percent } from "../numbers.ts";
import { htmlTable, page, type Section } from "./html.ts";
import { pictureGallery } from "./pictures.ts";
import { type CurveValue, confusionPlot, curvePlot } from "./plots.ts";

/** What a report of a training run is made from. */
export interface RunReport {
  readonly title: string;
  /** Facts on the run, in order: what and how much. */
  readonly facts: readonly (readonly [what: string, value: string])[];
  readonly points: readonly CurvePoint[];
  readonly evaluation: ImageEvaluation;
  readonly validation: Dataset;
  readonly classifier: ImageClassifier;
}

/** Classes beyond which a confusion matrix is no longer readable. */
const MOST_PLOTTED_CLASSES = 40;

/** The report of a training run: facts, learning curves, confusion matrix, classes and pictures. */
export async function runReport(run: RunReport): Promise<string> {
  const { facts, points, evaluation, validation, classifier } = run;
  const predictions = await classifier.predict(validation.images);
  const { classes } = validation;
  const sections: Section[] = [
    { title: "Run", body: htmlTable([{ title: "" }, { title: "" }], facts) },
  ];
  if (points.length > 0) sections.push({ title: "Learning curves", body: await curves(points) });
  if (classes.length <= MOST_PLOTTED_CLASSES) {
    const body = await confusionPlot(classes, evaluation.confusion);
    sections.push({ title: "Confusion matrix of the validation pictures", body });
  }
  sections.push({ title: "Classes", body: classTable(classes, evaluation) });
  const gallery = await pictureGallery(validation, predictions);
  sections.push({ title: "Validation pictures with predictions", body: gallery });
  return page(run.title, sections);
}

async function curves(points: readonly CurvePoint[]): Promise<string> {
  const series = (key: string, name: string): CurveValue[] =>
    points.map(({ epoch, values }) => ({ series: name, epoch, value: values[key] as number }));
  const loss = await curvePlot({
    title: "loss",
    values: [...series("trainingLoss", "training"), ...series("validationLoss", "validation")],
  });
  const accuracy = await curvePlot({
    title: "accuracy",
    values: series("accuracy", "validation"),
    isShare: true,
  });
  return `${loss}\n${accuracy}`;
}

function classTable(classes: readonly string[], { confusion }: ImageEvaluation): string {
  const rows = classes.map((name, label) => {
    const row = confusion[label] ?? [];
    const total = row.reduce((sum, value) => sum + value, 0);
    const said = confusion.reduce((sum, other) => sum + (other[label] as number), 0);
    const right = row[label] as number;
    return [name, count(total), share(right, total), share(right, said)];
  });
  const columns = [
    { title: "class" },
    { title: "pictures", number: true },
    { title: "found (recall)", number: true },
    { title: "right when said (precision)", number: true },
  ];
  return htmlTable(columns, rows);
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : percent(part / whole);
}
