/** Quire in a page, on WebAssembly. */
import { setDevice } from "@quire/tensor";
import { gptStep } from "../step/gpt.ts";
import { serve } from "./peer.ts";

setDevice("cpu");
await serve("Quire", async (size, weights) => ({ step: await gptStep(size, weights) }));
