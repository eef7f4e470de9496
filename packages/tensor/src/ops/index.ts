/** Every public operation, by family. */
export * from "./arithmetic.ts";
export * from "./elementwise.ts";
export { expand, reshape, transpose } from "./movement.ts";
export { matmul } from "./linalg.ts";
export { sum, sumTo } from "./reduce.ts";
export { cast, full, onesLike, stopGradient, where, zerosLike } from "./select.ts";
