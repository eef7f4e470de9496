import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile } from "../task-answer.ts";
import { GAP, MaskedLanguageSystem } from "./masked-language-model.ts";

/** The gaps of a text are filled. */
export const maskedAnswer = answersFiles(
  MaskedLanguageSystem,
  { text: `Drop a text with ${GAP} in it, and it fills the gap.`, accept: ".txt,.md,text/*" },
  filled,
);

async function filled(system: MaskedLanguageSystem, { bytes }: GivenFile): Promise<Figure[]> {
  const gaps = await system.fill(new TextDecoder().decode(bytes).trim());
  const lines = gaps.map((fillings, i) => {
    const said = fillings.map((one) => `${one.text} ${(100 * one.probability).toFixed(1)} %`);
    return `gap ${i + 1}: ${said.join(", ")}`;
  });
  return [{ kind: "text", title: "What it puts into the gaps", text: lines.join("\n") }];
}
