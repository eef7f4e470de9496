/** transformers.js, with the model in the folder that the first argument names. */
import { basename, dirname } from "node:path";
import { AutoModelForCausalLM, env, Tensor } from "@huggingface/transformers";
import { prompt, size } from "./gpt.ts";
import { serve } from "./worker.ts";

const folder = process.argv[2]!;
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const options = { dtype: "fp32", device: "cpu", local_files_only: true } as const;
const model = await AutoModelForCausalLM.from_pretrained(basename(folder), options);

const whole = (values: readonly number[]) =>
  new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

/** Notes when the first token has come. */
class Watch {
  first = 0;
  #calls = 0;

  /** The prompt comes first, then each token. */
  put(): void {
    this.#calls += 1;
    if (this.#calls === 2) this.first = performance.now();
  }

  end(): void {
    this.#calls = 0;
  }
}

serve(async () => {
  const streamer = new Watch();
  const generated = await model.generate({
    input_ids: whole(prompt),
    attention_mask: whole(prompt.map(() => 1)),
    max_new_tokens: size.tokens,
    min_new_tokens: size.tokens,
    do_sample: false,
    streamer,
  } as unknown as Parameters<typeof model.generate>[0]);
  const values = [...((generated as InstanceType<typeof Tensor>).data as BigInt64Array)].map(
    Number,
  );
  return { first: streamer.first, tokens: values.slice(prompt.length) };
});
