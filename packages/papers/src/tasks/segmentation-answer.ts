import { QuireError } from "@quire/tensor";
import type { Figure } from "../figure.ts";
import { answersPictures, type GivenPicture } from "../task-answer.ts";
import { averaged } from "./given-picture.ts";
import { type SegmentationCase, standardized } from "./segmentation-data.ts";
import { overlay } from "./segmentation-figure.ts";
import { Segmenter } from "./segmenter.ts";

/** The longer side of what is read of a picture, in patches. */
const PATCHES = 3;
/** Pixels of a place where a picture is drawn. */
const SCALE = 3;

/** A picture is told what each place of it is. */
export const segmentationAnswer = answersPictures(
  Segmenter,
  "Drop a picture, and it says what each place of it is.",
  segmented,
);

async function segmented(system: Segmenter, picture: GivenPicture): Promise<Figure[]> {
  const { target, classes } = system.description;
  const [rows = 1, , depth] = target.patch;
  if (depth !== undefined) {
    throw new QuireError("this system reads volumes: npx quire predict takes them as NIfTI.");
  }
  const given = caseOf(picture, target.channels, PATCHES * rows);
  const [said] = await system.predict([given]);
  const labels = said?.labels ?? new Uint8Array();
  const shares = classes.map((name, label) => {
    const share = labels.filter((own) => own === label).length / labels.length;
    return `${(100 * share).toFixed(1).padStart(5)} %  ${label === 0 ? "background" : name}`;
  });
  return [
    {
      ...{ kind: "pixels", title: "What it says of each place" },
      caption: "What is no background is painted, a colour a class.",
      ...overlay(given, labels, { scale: SCALE }),
    },
    { kind: "text", title: "Share of each class", text: shares.join("\n") },
  ];
}

/** A picture as a segmenter reads it, its longer side at most so many places. */
function caseOf(picture: GivenPicture, channels: number, most: number): SegmentationCase {
  const shrink = Math.min(1, most / Math.max(picture.width, picture.height));
  const [height, width] = [picture.height, picture.width].map((side) => {
    return Math.max(1, Math.round(side * shrink));
  }) as [number, number];
  const bytes = averaged(picture, { height, width, channels });
  const places = height * width;
  const values = Float32Array.from({ length: channels * places }, (_, i) => {
    return bytes[(i % places) * channels + Math.floor(i / places)] as number;
  });
  return {
    ...{ name: "picture", channels, size: [1, height, width], labels: new Uint8Array() },
    values: standardized(values, channels),
  };
}
