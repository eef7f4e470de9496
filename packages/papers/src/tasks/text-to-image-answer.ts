import type { Figure } from "../figure.ts";
import { answersFiles, firstLine, type GivenFile } from "../task-answer.ts";
import { pictureFigure, pictureGrid } from "./picture-grid.ts";
import { TextToImageSystem } from "./text-to-image-system.ts";

/** Pictures that are drawn of a caption. */
const PICTURES = 4;

/** Pictures are drawn of a caption. */
export const textToImageAnswer = answersFiles(
  TextToImageSystem,
  {
    text: "Drop a text that says what is to be seen, and it draws some pictures of it.",
    accept: ".txt,.md,text/*",
    typed: "Or say what to draw, in the words that it learnt from",
  },
  drawn,
);

async function drawn(system: TextToImageSystem, given: GivenFile): Promise<Figure[]> {
  const caption = firstLine(given);
  const drawings = await system.drawings(
    Array.from({ length: PICTURES }, () => caption),
    {
      seed: 1,
    },
  );
  const { target } = system.description;
  const grid = pictureGrid(drawings, target, PICTURES);
  return [pictureFigure(grid, target.channels, { title: `What it draws of “${caption}”` })];
}
