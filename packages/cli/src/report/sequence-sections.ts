import type { SequenceData, SequenceLabeller } from "@quire/papers";
import { count, percent } from "../numbers.ts";
import { escaped, htmlTable, type Section } from "./html.ts";
import { confusionPlot } from "./plots.ts";

/** Labels beyond which a confusion matrix is no longer readable, and sequences that are shown. */
const MOST_PLOTTED = 40;
const SHOWN = 8;

type Sequences = SequenceData["validation"];

/** What a report shows of a labeller: confusions, accuracy by length, sequences, and its program. */
export async function sequenceSections(
  system: SequenceLabeller,
  sequences: Sequences,
): Promise<Section[]> {
  const { counts, right, given } = await system.evaluate(sequences);
  const { labels } = system.description;
  const sections: Section[] = [];
  if (labels.length <= MOST_PLOTTED) {
    const confusion = labels.map(() => labels.map(() => 0));
    for (const [place, wanted] of sequences.labels.entries()) {
      const row = confusion[wanted];
      if (row) row[given[place] as number] = (row[given[place] as number] as number) + 1;
    }
    const body = await confusionPlot(labels, confusion);
    sections.push({ title: "Confusion matrix of the labels", body });
  }
  sections.push({ title: "By length", body: lengthTable(sequences, { counts, right }) });
  sections.push({
    title: "Sequences it has not seen",
    body: await exampleTable(system, sequences),
  });
  const program = await system.program();
  if (program) {
    const rows = program.steps.map(({ name, kind, does }) => [name, kind, does]);
    const steps = htmlTable([{ title: "step" }, { title: "kind" }, { title: "does" }], rows);
    sections.push({ title: "What each step does", body: steps });
    const body = `<pre>${escaped(program.typescript)}</pre>`;
    sections.push({ title: "The program", body });
  }
  return sections;
}

function lengthTable(
  { lengths }: Sequences,
  { counts, right }: { readonly counts: readonly number[]; readonly right: readonly number[] },
): string {
  const found = [...new Set(lengths)].sort((a, b) => a - b);
  const rows = found.map((length) => {
    const own = [...lengths.keys()].filter((row) => lengths[row] === length);
    const total = own.reduce((sum, row) => sum + (counts[row] as number), 0);
    const correct = own.reduce((sum, row) => sum + (right[row] as number), 0);
    return [String(length), count(own.length), percent(correct / Math.max(1, total))];
  });
  const titles = ["tokens", "sequences", "labels that are right"];
  return htmlTable(
    titles.map((title) => ({ title, number: true })),
    rows,
  );
}

async function exampleTable(system: SequenceLabeller, sequences: Sequences): Promise<string> {
  const { description } = system;
  const { length } = description.target;
  const width = sequences.labels.length / sequences.size;
  const places = Array.from({ length: Math.min(SHOWN, sequences.size) }, (_, row) => row);
  const rows = places.map((row) => {
    const size = sequences.lengths[row] as number;
    const ids = sequences.ids.subarray(row * length + 1, row * length + 1 + size);
    return Array.from(ids, (id) => description.tokens[id] as string);
  });
  const predicted = await system.predict(rows);
  const cells = rows.map((tokens, row) => {
    const own = sequences.labels.subarray(row * width, (row + 1) * width);
    const wanted = Array.from(
      own.filter((label) => label >= 0),
      (label) => description.labels[label],
    );
    return [tokens.join(" "), wanted.join(" "), (predicted[row]?.labels ?? []).join(" ")];
  });
  const titles = ["sequence", "labels", "given"];
  return htmlTable(
    titles.map((title) => ({ title })),
    cells,
  );
}
