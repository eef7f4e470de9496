import type { Figure } from "../figure.ts";
import { answersFiles, firstLine, type GivenFile } from "../task-answer.ts";
import { pictureGrid } from "./picture-grid.ts";
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
  const { channels } = system.description.target;
  const { images, width, height } = pictureGrid(drawings, system.description.target, PICTURES);
  const bytes = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let place = 0; place < width * height; place++) {
    for (let of = 0; of < 3; of++) {
      bytes[4 * place + of] = images[place * channels + Math.min(of, channels - 1)] as number;
    }
  }
  return [{ kind: "pixels", title: `What it draws of “${caption}”`, width, height, bytes }];
}
