import { gridIcon, iconSheet, parseSvg } from "@quire/data";
import type { Figure } from "../figure.ts";
import { answersFiles, firstLine, type GivenFile } from "../task-answer.ts";
import { knownWords } from "./icon-captions.ts";
import { type DrawnIcon, IconDrawer } from "./icon-system.ts";

/** Icons that are drawn after a caption, and ways to go on with an outline. */
const ICONS = 8;

/** Icons are drawn after a caption, and SVG is gone on with. */
export const iconAnswer = answersFiles(
  IconDrawer,
  {
    text: "Drop a text with the words of an icon, and it draws some; or an SVG, and it goes on with its first outline.",
    accept: ".txt,.md,.svg,text/*",
    typed: "Or say what to draw, in the words that it learnt from",
  },
  async (system, given) => [await drawn(system, given)],
);

async function drawn(system: IconDrawer, given: GivenFile): Promise<Figure> {
  if (/\.svg$/i.test(given.name)) return await goneOn(system, given);
  const caption = firstLine(given);
  const words = knownWords(system.captions, caption);
  const icons = await system.draw(
    Array.from({ length: ICONS }, () => words),
    { seed: 1 },
  );
  return sheetOf(icons, `What it draws after “${caption}”`);
}

async function goneOn(system: IconDrawer, { name, bytes }: GivenFile): Promise<Figure> {
  const { coding } = system;
  const { paths } = gridIcon(parseSvg(new TextDecoder().decode(bytes), name), coding.grid);
  const first = paths[0]?.[0];
  const begun = { caption: [], begun: first ? coding.encodeLoop(first) : [] };
  const icons = await system.goOn(
    Array.from({ length: ICONS }, () => begun),
    { seed: 1 },
  );
  return sheetOf(icons, `Ways to go on with the first outline of ${name}`);
}

function sheetOf(icons: readonly DrawnIcon[], title: string): Figure {
  const whole = icons.filter(({ problem }) => problem === undefined).length;
  return {
    ...{ kind: "svg", title, caption: `${whole} of ${icons.length} are well formed.` },
    svg: iconSheet(
      icons.map(({ icon }) => ({ icon })),
      { columns: ICONS / 2, side: 80 },
    ),
  };
}
