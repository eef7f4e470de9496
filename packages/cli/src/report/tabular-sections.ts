import { likeliest, type TabularPredictor, type TabularRows } from "@quire/papers";
import { percent } from "../numbers.ts";
import { figureBody } from "./figures.ts";
import { htmlTable, type Section } from "./html.ts";
import { confusionPlot } from "./plots.ts";

/** Classes beyond which a confusion matrix is no longer readable. */
const MOST_PLOTTED_CLASSES = 40;
/** Features beyond which a list is no longer read, and points beyond which a plot is no longer seen through. */
const MOST_LISTED = 40;
const MOST_POINTS = 1000;

/** What a report shows of a tabular system: predictions against what is true, and what each column says of the target. */
export async function tabularSections(
  predictor: TabularPredictor,
  rows: TabularRows,
): Promise<Section[]> {
  const { target } = predictor.description.encoding;
  const predictions = await predictor.predictRows(rows.inputs);
  const known = predictor.knownTargets(rows);
  const sections: Section[] = [];
  if (predictions.predict === "number") {
    const points = Array.from(
      predictions.values.subarray(0, MOST_POINTS),
      (value, row) => [known[row] as number, value] as const,
    );
    const ends = [Math.min, Math.max].map((end) => end(...points.map(([truth]) => truth)));
    const body = await figureBody({
      ...{ kind: "lines", title: target.name },
      ...{ x: { title: `${target.name}, true` }, y: { title: `${target.name}, predicted` } },
      series: [
        { name: "test rows", mark: "points", points },
        { name: "right", mark: "dashes", points: ends.map((end) => [end, end] as const) },
      ],
    });
    sections.push({ title: "Test rows: predicted against true", body });
  } else if (predictions.classes.length <= MOST_PLOTTED_CLASSES) {
    const { classes, probabilities } = predictions;
    const counts = classes.map(() => classes.map(() => 0));
    for (let row = 0; row < rows.size; row++) {
      const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
      const line = counts[known[row] as number] as number[];
      const said = likeliest(own);
      line[said] = (line[said] ?? 0) + 1;
    }
    const body = await confusionPlot(classes, counts);
    sections.push({ title: "Confusion matrix of the test rows", body });
  }
  sections.push({ title: `What features say of ${target.name}`, body: importanceTable(predictor) });
  return sections;
}

function importanceTable({ description: { encoding } }: TabularPredictor): string {
  const names = encoding.columns.flatMap((column) =>
    column.kind !== "category" && column.missing
      ? [column.name, `${column.name} is missing`]
      : [column.name],
  );
  const rows = encoding.order
    .slice(0, MOST_LISTED)
    .map((place, i) => [names[place] ?? "", percent(encoding.importance[i] as number)]);
  const title = "share of all mutual information with the target";
  return htmlTable([{ title: "feature" }, { title, number: true }], rows);
}
