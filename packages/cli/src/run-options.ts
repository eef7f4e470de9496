import { number, whole, withDefault } from "./option.ts";

/** Options of every training, whatever its task. */
export const runOptions = {
  keep: withDefault(
    whole("Last checkpoints that are kept beside the best one; --fallback takes an older one", {
      from: 1,
    }),
    2,
  ),
  saveEvery: withDefault(number("Seconds between checkpoints at most", { above: 0 }), 30),
  memory: number("GiB that a step may take; what the machine has unless said", { above: 0 }),
};
