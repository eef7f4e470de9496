/** The TensorFlow.js peer in a page, which must be told where its WebAssembly files are. */
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "../step/tfjs.ts";

setWasmPaths("/tfjs/");
