import {
  type ContinueOptions,
  GAP,
  LanguageModelSystem,
  MaskedLanguageSystem,
} from "@quire/papers";
import { frozen } from "@quire/tensor";
import type { Sampling } from "@quire/train";
import { command } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { number, text, whole, withDefault } from "../option.ts";
import { openRun } from "../run-folder.ts";

const options = {
  prompt: withDefault(text("TEXT", "What the text begins with; nothing unless said"), ""),
  tokens: withDefault(whole("The most new tokens", { from: 1 }), 200),
  temperature: withDefault(
    number("Below 1 surer, above 1 wilder, 0 always the likeliest", { from: 0 }),
    0.8,
  ),
  topK: whole("Only so many of the likeliest tokens are drawn from", { from: 1 }),
  topP: number("Only the likeliest tokens that make up this share together", { above: 0, to: 1 }),
  minP: number("Only tokens at least this share as likely as the likeliest", { from: 0, to: 1 }),
  repetitionPenalty: number("Above 1 makes tokens that came before less likely", { above: 0 }),
};

/** Writes a text on, token by token. */
export const generateCommand = command({
  name: "generate",
  computes: true,
  summary: "Write a text on with a trained language model",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options,
  examples: [
    'quire generate runs/lightning-attention-1 --prompt "The king"',
    'quire generate lightning-attention-1 --prompt "The king" --tokens 50 --top-p 0.9 --seed 3 --json',
  ],
  run: async ([name = ""], values, { console, interruptible }) => {
    const { folder, system } = await openRun(name, { quantization: frozen() });
    if (system instanceof MaskedLanguageSystem) {
      throw new UsageError(
        `run "${folder}" fills gaps and writes no text on: write ${GAP} into a text, and use quire predict.`,
      );
    }
    if (!(system instanceof LanguageModelSystem)) {
      throw new UsageError(
        `run "${folder}" writes no text: give a run of a language model, such as one of lightning-attention.`,
      );
    }
    const { prompt, tokens, seed } = values;
    const sampling: Sampling = {
      temperature: values.temperature,
      ...(values.topK !== undefined && { topK: values.topK }),
      ...(values.topP !== undefined && { topP: values.topP }),
      ...(values.minP !== undefined && { minP: values.minP }),
      ...(values.repetitionPenalty !== undefined && {
        repetitionPenalty: values.repetitionPenalty,
      }),
    };
    await write(system, prompt, { tokens, sampling, seed, signal: interruptible() }, console);
    await system.release();
  },
});

async function write(
  system: LanguageModelSystem,
  prompt: string,
  given: ContinueOptions,
  console: Console,
): Promise<void> {
  const started = performance.now();
  let [written, made, first] = ["", 0, started];
  let reason = "signal";
  console.stream(prompt);
  for await (const piece of system.continue(prompt, given)) {
    if (made === 0) first = performance.now();
    written += piece.text;
    made = piece.tokens;
    reason = piece.reason ?? reason;
    console.stream(piece.text);
  }
  console.stream("\n");
  const seconds = (performance.now() - first) / 1000;
  const tokensPerSecond = made > 1 ? (made - 1) / seconds : undefined;
  const speed =
    tokensPerSecond === undefined ? "" : `, ${count(Math.round(tokensPerSecond))} a second`;
  console.note(`${count(made)} tokens${speed}.`);
  console.result({
    prompt,
    text: written,
    tokens: made,
    reason,
    seed: given.seed,
    tokensPerSecond,
  });
}
