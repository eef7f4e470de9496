import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile } from "../task-answer.ts";
import { LanguageModelSystem } from "./language-model.ts";

/** What a language model writes on for. */
const NEW_TOKENS = 160;

/** The share of what a model can read at most that a prompt may take. */
const PROMPT_SHARE = 0.5;

/** A text goes on. */
export const languageAnswer = answersFiles(
  LanguageModelSystem,
  {
    text: "Drop a text, and it writes on.",
    accept: ".txt,.md,text/*",
    typed: "Or write how it begins",
  },
  goingOn,
);

async function goingOn(system: LanguageModelSystem, { bytes }: GivenFile): Promise<Figure[]> {
  const text = new TextDecoder().decode(bytes);
  const most = system.model.length ?? Number.POSITIVE_INFINITY;
  const { context } = system.description.target;
  const prompt = text.trim().slice(-Math.min(context, PROMPT_SHARE * most));
  const room = most - system.tokenizer.encode(prompt).length;
  let written = "";
  const tokens = Math.min(NEW_TOKENS, room);
  const options = { tokens, sampling: { temperature: 0.5 }, seed: 1 };
  for await (const piece of system.continue(prompt, options)) written += piece.text;
  return [{ kind: "text", title: "How it goes on", text: `${prompt}▸${written}` }];
}
