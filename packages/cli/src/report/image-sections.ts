import type { Dataset } from "@quire/data";
import type { ImageClassifier, ImageEvaluation } from "@quire/papers";
import { count, percent } from "../numbers.ts";
import { htmlTable, type Section } from "./html.ts";
import { pictureGallery } from "./pictures.ts";
import { confusionPlot } from "./plots.ts";

/** Classes beyond which a confusion matrix is no longer readable. */
const MOST_PLOTTED_CLASSES = 40;

/** What a report shows of an image classifier: confusion matrix, classes and pictures. */
export async function imageSections(
  classifier: ImageClassifier,
  validation: Dataset,
): Promise<Section[]> {
  const evaluation = await classifier.evaluate(validation);
  const predictions = await classifier.predict(validation.images);
  const { classes } = validation;
  const sections: Section[] = [];
  if (classes.length <= MOST_PLOTTED_CLASSES) {
    const body = await confusionPlot(classes, evaluation.confusion);
    sections.push({ title: "Confusion matrix of the validation pictures", body });
  }
  sections.push({ title: "Classes", body: classTable(classes, evaluation) });
  const gallery = await pictureGallery(validation, predictions);
  sections.push({ title: "Validation pictures with predictions", body: gallery });
  return sections;
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
