import { iconSheet } from "@quire/data";
import type { IconDrawer, IconLearningData } from "@quire/papers";
import { count } from "../numbers.ts";
import { figureBody } from "./figures.ts";
import { htmlTable, type Section } from "./html.ts";

/** Captions that a report shows, and drawings of each beside the icon itself. */
const CAPTIONS = 8;
const DRAWINGS = 5;

/** What a report shows of a drawer: drawings after captions of icons that it has not seen, beside those icons. */
export async function iconSections(
  system: IconDrawer,
  { validation }: IconLearningData,
): Promise<Section[]> {
  const { words, stroke } = system.description;
  const shown = validation.slice(0, CAPTIONS);
  const captions = shown.map(({ captions: [first = new Int32Array()] }) =>
    Array.from(
      first.filter((word) => word > 0),
      (word) => words[word] as string,
    ),
  );
  const asked = captions.flatMap((caption) => Array.from({ length: DRAWINGS }, () => caption));
  const drawn = await system.draw(asked, { seed: 0 });
  const items = shown.flatMap(({ tokens }, row) => [
    { icon: system.coding.read(tokens, stroke).icon, caption: captions[row]?.join(" ") ?? "" },
    ...drawn
      .slice(row * DRAWINGS, (row + 1) * DRAWINGS)
      .map(({ icon, problem }) => ({ icon, caption: problem === undefined ? "" : "not whole" })),
  ]);
  const sheet = await figureBody({
    ...{ kind: "svg", title: "Drawings" },
    svg: iconSheet(items, { columns: DRAWINGS + 1, side: 96 }),
  });
  const problems = new Map<string, number>();
  for (const { problem = "whole" } of drawn)
    problems.set(problem, (problems.get(problem) ?? 0) + 1);
  const rows = [...problems].map(([what, number]) => [what, count(number)]);
  return [
    {
      title: "Drawn after captions of icons it has not seen",
      body: `<p>On the left the icon itself, then drawings after its caption.</p>${sheet}`,
    },
    {
      title: "How whole the drawings are",
      body: htmlTable([{ title: "drawings" }, { title: "how many", number: true }], rows),
    },
  ];
}
