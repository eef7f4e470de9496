import type { SegmentationCase, SegmentationPrediction, Segmenter } from "@quire/papers";
import { percent } from "../numbers.ts";
import { overlayPng } from "../tasks/segmentation-use.ts";
import { escaped, htmlTable, type Section } from "./html.ts";

/** Cases that a report shows at most. */
const SHOWN = 8;

/** What a report shows of a segmenter: its classes, and cases with what is there and what it says. */
export async function segmentationSections(
  segmenter: Segmenter,
  validation: readonly SegmentationCase[],
): Promise<Section[]> {
  const { classes, predictions } = await segmenter.evaluate(validation);
  const shown = (value: number): string => (Number.isNaN(value) ? "–" : percent(value));
  const rows = classes.map(({ dice, iou }, label) => [
    segmenter.description.classes[label] as string,
    shown(dice),
    shown(iou),
  ]);
  const columns = [
    { title: "class" },
    { title: "Dice", number: true },
    { title: "intersection over union", number: true },
  ];
  const step = Math.max(1, validation.length / SHOWN);
  const places = Array.from({ length: Math.min(SHOWN, validation.length) }, (_, i) =>
    Math.floor(i * step),
  );
  const pairs = await Promise.all(
    places.map((place) => {
      const { labels } = predictions[place] as SegmentationPrediction;
      return pairOf(validation[place] as SegmentationCase, labels);
    }),
  );
  return [
    { title: "Classes in the validation cases", body: htmlTable(columns, rows) },
    {
      title: "Validation cases: what is there, and what is said",
      body: `<div class="overlays">\n${pairs.join("\n")}\n</div>`,
    },
  ];
}

async function pairOf(given: SegmentationCase, said: Uint8Array): Promise<string> {
  const image = async (labels: Uint8Array, what: string): Promise<string> => {
    const bytes = await overlayPng(given, labels);
    const url = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
    return `<img alt="${escaped(`${given.name}, ${what}`)}" src="${url}">`;
  };
  const both = [await image(given.labels, "what is there"), await image(said, "what is said")];
  return `<p>${escaped(given.name)}<br>${both.join(" ")}</p>`;
}
