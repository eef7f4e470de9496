import type { HostTensor, Tensor } from "@quire/tensor";

/** A batch: host tensors by name, as data sets yield them. */
export type BatchOf<B> = { readonly [K in keyof B]: HostTensor };

/** A batch as a traced function sees it: recipes by the same names. */
export type Traced<B> = { readonly [K in keyof B]: Tensor };

/** Batches, at once or as they come. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>;
