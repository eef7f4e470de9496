/** Transformer papers that run, one folder a paper. */
export {};
