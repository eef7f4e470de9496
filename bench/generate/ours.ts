/** Quire, with weights as the first argument says. */
import { blocks, frozen, int8, type Quantization } from "@quire/tensor";
import { Generator } from "@quire/train";
import { gpt, prompt, size } from "./gpt.ts";
import { serve } from "./worker.ts";

const schemes: Readonly<Record<string, Quantization | undefined>> = {
  float32: frozen(),
  int8: int8(),
  "int8-blocks": blocks({ bits: 8 }),
  int4: blocks({ bits: 4 }),
};
const quantization = schemes[process.argv[2] ?? ""];
const generator = new Generator(await gpt(), quantization ? { quantization } : {});

serve(async () => {
  const tokens: number[] = [];
  let first = 0;
  for await (const { token } of generator.stream([prompt], { tokens: size.tokens })) {
    if (tokens.push(token) === 1) first = performance.now();
  }
  return { first, tokens };
});
