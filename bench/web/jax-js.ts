/** The jax-js peer in a page, where it would prefer a GPU. */
import { defaultDevice, init } from "@jax-js/jax";
import "../step/jax-js.ts";

await init("wasm");
defaultDevice("wasm");
