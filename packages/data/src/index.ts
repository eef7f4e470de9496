/** Readers, tokenizers, data sets and batching. */
export {};
