// B rows, T new tokens, H heads, G heads of keys and values, K width of a head, D width

import type { Shape, Tensor } from "@quire/tensor";
import type { AttentionBias } from "../attention-bias.ts";

/** Queries, keys and values of new tokens, and how they are to be mixed. */
export interface Attending {
  /** `[B, T, H K]`, turned by their positions already, if they are. */
  readonly query: Tensor;
  /** `[B, T, G K]` */
  readonly key: Tensor;
  /** `[B, T, G K]` */
  readonly value: Tensor;
  readonly heads: number;
  readonly groups: number;
  readonly bias: AttentionBias | undefined;
}

/** One call of a model that goes on from what it has read: what its layers ask, and where they keep. */
export interface Reading {
  /** Whether rows begin with this call. */
  readonly isFirst: boolean;
  /** The places of the new tokens in their texts, int32 `[B, T]`. */
  readonly positions: Tensor;
  /** How many of the new tokens are no padding, int32 `[B]`. */
  readonly counts: Tensor;
  /** How many tokens of each row are read after this call, int32 `[B]`. */
  readonly lengths: Tensor;
  /** False for padding, bool `[B, T]`. A recurrence must not take it in. */
  readonly real: Tensor;
  /** How many tokens attention keeps. */
  readonly room: number;
  /** What a layer kept under a name, whoever wrote it: at the first call what other texts left. `-> [B, ...shape]` */
  kept(owner: object, name: string, shape: Shape): Tensor;
  /** What a layer kept under a name, zeros at the first call. `-> [B, ...shape]` */
  recall(owner: object, name: string, shape: Shape): Tensor;
  /** Keeps a layer's value for the next call. `[B, ...shape]` */
  keep(owner: object, name: string, value: Tensor): void;
  /** Causal attention of the new tokens to themselves and to those kept, which they join. `-> [B, T, H K]` */
  attend(owner: object, attending: Attending): Tensor;
  /** Each row's last real token. `[B, T, D] -> [B, 1, D]` */
  last(x: Tensor): Tensor;
}
