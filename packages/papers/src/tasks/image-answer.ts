import type { Figure } from "../figure.ts";
import { answersPictures, type GivenPicture } from "../task-answer.ts";
import { ImageClassifier } from "./image-classifier.ts";

/** A picture is told what is on it. */
export const imageAnswer = answersPictures(
  ImageClassifier,
  "Drop a picture, and it says what is on it.",
  ofPicture,
);

async function ofPicture(classifier: ImageClassifier, picture: GivenPicture): Promise<Figure[]> {
  const { target, classes } = classifier.description;
  const { height, width, channels } = target;
  const seen = averaged(picture, target);
  const [said] = await classifier.predict(seen);
  const probabilities = said?.probabilities ?? [];
  const lines = classes
    .map((name, i) => ({ name, share: probabilities[i] as number }))
    .sort((a, b) => b.share - a.share)
    .map(({ name, share }) => `${(100 * share).toFixed(1).padStart(5)} %  ${name}`);
  const bytes = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let place = 0; place < height * width; place++) {
    for (let of = 0; of < 3; of++) {
      bytes[4 * place + of] = seen[place * channels + Math.min(of, channels - 1)] as number;
    }
  }
  return [
    { kind: "text", title: "What it takes it for", text: lines.join("\n") },
    { kind: "pixels", title: "What it sees of it", width, height, bytes },
  ];
}

/** A picture of the size that a classifier takes: each place is the mean of the pixels that fall on it. */
function averaged(
  { width, height, bytes }: GivenPicture,
  target: { readonly height: number; readonly width: number; readonly channels: number },
): Uint8Array {
  const result = new Uint8Array(target.height * target.width * target.channels);
  const span = (place: number, places: number, pixels: number): readonly [number, number] => {
    const from = Math.floor((place * pixels) / places);
    return [from, Math.max(from + 1, Math.floor(((place + 1) * pixels) / places))];
  };
  for (let y = 0; y < target.height; y++) {
    for (let x = 0; x < target.width; x++) {
      const [rows, columns] = [span(y, target.height, height), span(x, target.width, width)];
      const sums = [0, 0, 0];
      for (let row = rows[0]; row < rows[1]; row++) {
        for (let column = columns[0]; column < columns[1]; column++) {
          for (let of = 0; of < 3; of++) {
            sums[of] = (sums[of] as number) + (bytes[4 * (row * width + column) + of] as number);
          }
        }
      }
      const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
      const means = sums.map((sum) => sum / count);
      const grey = means.reduce((sum, mean) => sum + mean, 0) / 3;
      const at = (y * target.width + x) * target.channels;
      result.set(target.channels === 1 ? [grey] : means, at);
    }
  }
  return result;
}
