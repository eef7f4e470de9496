import { expect, test } from "vitest";
import { find, wordIndex } from "../search/find.ts";
import { Meaning } from "../search/meaning.ts";
import { gatherCatalogue } from "./catalogue.ts";
import { trainMeaning } from "./feature-encoder.ts";
import { encoderTexts } from "./texts.ts";

/** The share of questions whose paper is among the first five of 72. */
function recallAtFive(rankings: readonly { ranked: readonly string[]; paper: string }[]): number {
  const found = rankings.filter(({ ranked, paper }) => ranked.slice(0, 5).includes(paper));
  return found.length / rankings.length;
}

test("questions that it has not learnt from find their paper far above chance", async () => {
  const { entries, asked } = await gatherCatalogue(undefined);
  const kept = Object.fromEntries(
    Object.entries(asked).map(([id, questions]) => [id, questions.slice(0, 2)]),
  );
  const { file, losses } = await trainMeaning(encoderTexts(entries, kept), 1);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  const meaning = new Meaning(file);
  const rankings = entries.map(({ id }) => {
    const cosines = [...(meaning.cosines(asked[id]?.[2] ?? "") ?? [])];
    return { paper: id, ranked: cosines.sort(([, a], [, b]) => b - a).map(([paper]) => paper) };
  });
  const index = wordIndex(entries);
  const byWords = entries.map(({ id }) => {
    const { byWords: ranked } = find(asked[id]?.[2] ?? "", entries, index);
    return { paper: id, ranked };
  });
  // By chance 5 of 72, a share of 0.07.
  expect(recallAtFive(rankings)).toBeGreaterThan(0.4);
  expect(recallAtFive(rankings)).toBeGreaterThan(4 * recallAtFive(byWords));
  expect(meaning.cosines("zzzqqq xyzzyx")).toBeUndefined();
});
