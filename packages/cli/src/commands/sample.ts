import { TextToImageSystem } from "@quire/papers";
import { frozen } from "@quire/tensor";
import { command } from "../command.ts";
import { drawingOptions, writeDrawings } from "../drawings.ts";
import { UsageError } from "../errors.ts";
import { required, text, whole, withDefault } from "../option.ts";
import { openRun } from "../run-folder.ts";

const options = {
  prompt: required(text("TEXT", "What is to be drawn")),
  ...drawingOptions,
  count: withDefault(whole("How many pictures, each from other noise", { from: 1, to: 4096 }), 4),
  out: text("FOLDER", "Folder of the pictures; drawings in the run's folder unless said"),
};

/** Draws what a text says. */
export const sampleCommand = command({
  name: "sample",
  computes: true,
  summary: "Draw what a text says with a trained text-to-image system",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options,
  examples: [
    'quire sample pixart-alpha-1 --prompt "a red circle"',
    'quire sample pixart-alpha-1 --prompt "a red circle" --steps 20 --cfg 4.5 --seed 1 --count 16',
    'quire sample pixart-alpha-1 --prompt "a red circle" --sampler ddpm --steps 250',
  ],
  run: async ([name = ""], { prompt, count, out, ...values }, { console, interruptible }) => {
    const { folder, system } = await openRun(name, { quantization: frozen() });
    if (!(system instanceof TextToImageSystem)) {
      throw new UsageError(
        `run "${folder}" draws nothing: give a run of a text-to-image system, such as one of pixart-alpha.`,
      );
    }
    const prompts = Array.from({ length: count }, () => prompt);
    const place = out ?? `${folder}/drawings`;
    const choice = { ...values, out: place, signal: interruptible() };
    await writeDrawings(system, prompts, choice, console);
    await system.release();
  },
});
