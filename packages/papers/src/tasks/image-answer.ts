import type { Figure } from "../figure.ts";
import { answersPictures, type GivenPicture } from "../task-answer.ts";
import { averaged } from "./given-picture.ts";
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
