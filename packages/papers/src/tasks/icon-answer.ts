import { iconSheet } from "@quire/data";
import type { Figure } from "../figure.ts";
import { answersFiles, firstLine, type GivenFile } from "../task-answer.ts";
import { knownWords } from "./icon-captions.ts";
import { IconDrawer } from "./icon-system.ts";

/** Icons that are drawn after a caption. */
const ICONS = 8;

/** Icons are drawn after a caption. */
export const iconAnswer = answersFiles(
  IconDrawer,
  {
    text: "Drop a text with the words of an icon, and it draws some.",
    accept: ".txt,.md,text/*",
    typed: "Or say what to draw, in the words that it learnt from",
  },
  drawn,
);

async function drawn(system: IconDrawer, given: GivenFile): Promise<Figure[]> {
  const caption = firstLine(given);
  const words = knownWords(system.captions, caption);
  const asked = Array.from({ length: ICONS }, () => words);
  const icons = await system.draw(asked, { seed: 1 });
  const whole = icons.filter(({ problem }) => problem === undefined).length;
  return [
    {
      ...{ kind: "svg", title: `What it draws after “${caption}”` },
      caption: `${whole} of ${ICONS} are well formed.`,
      svg: iconSheet(
        icons.map(({ icon }) => ({ icon })),
        { columns: ICONS / 2, side: 80 },
      ),
    },
  ];
}
