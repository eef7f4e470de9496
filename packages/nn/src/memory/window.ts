// B rows, T new tokens, W window, H heads, G heads of keys and values, K width of a head

import {
  arange,
  clip,
  expand,
  gatherElements,
  less,
  logicalAnd,
  mod,
  QuireError,
  replaceRows,
  reshape,
  scaledDotProductAttention,
  sub,
  type Tensor,
  transpose,
  unsqueeze,
} from "@quire/tensor";
import { repeatHeads, toHeads } from "../heads.ts";
import type { Attending, Reading } from "./reading.ts";

/**
 * Attention to the last W tokens (Beltagy et al. 2020, section 3.1, looking back only). Keys and values stand in
 * a ring: the token at position p in slot p mod W, where the one of W tokens before stood. `-> [B, T, H K]`
 */
export function attendToWindow(reading: Reading, owner: object, attending: Attending): Tensor {
  if (attending.bias) {
    throw new QuireError(
      "Memory: a window keeps no positions for an attention bias; leave the window out, or the bias.",
    );
  }
  const { heads, groups } = attending;
  const query = toHeads(attending.query, heads);
  const [keys, values] = [toHeads(attending.key, groups), toHeads(attending.value, groups)];
  const mixed = reading.isFirst
    ? first(reading, owner, [query, keys, values])
    : later(reading, owner, [query, keys, values]);
  const [batch, , length, width] = mixed.shape as [number, number, number, number];
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, length, heads * width]);
}

type Heads = readonly [query: Tensor, keys: Tensor, values: Tensor];

/** The first tokens see each other; the last W of each row go to their slots. */
function first(reading: Reading, owner: object, [query, keys, values]: Heads): Tensor {
  const { room } = reading;
  const slots = slotPositions(reading);
  for (const [name, from] of Object.entries({ keys, values })) {
    const [batch, groups, length, width] = from.shape as [number, number, number, number];
    const places = clip(slots, { min: 0, max: length - 1 });
    const everywhere = expand(reshape(places, [batch, 1, room, 1]), [batch, groups, room, width]);
    reading.keep(owner, name, gatherElements(from, everywhere, 2));
  }
  const at = arange(query.shape[2] as number);
  const distance = sub(unsqueeze(at, [1]), unsqueeze(at, [0]));
  return weighed([query, keys, values], logicalAnd(less(distance, room), less(-1, distance)));
}

/** A single token takes its slot and sees all slots that are taken. */
function later(reading: Reading, owner: object, [query, ...added]: Heads): Tensor {
  const { positions, room } = reading;
  const slot = mod(reshape(positions, [positions.shape[0] as number]), room);
  const [keys, values] = (["keys", "values"] as const).map((name, i) => {
    const row = added[i] as Tensor;
    const [batch, groups, , width] = row.shape as [number, number, number, number];
    const ring = reading.kept(owner, name, [groups, room, width]);
    const next = replaceRows(ring, slot, reshape(row, [batch, groups, width]));
    reading.keep(owner, name, next);
    return next;
  }) as [Tensor, Tensor];
  const isTaken = less(-1, slotPositions(reading));
  return weighed([query, keys, values], unsqueeze(isTaken, [1, 2]));
}

/** The position of the token in each slot, negative where none stands there yet. `-> int32 [B, W]` */
function slotPositions({ lengths, room }: Reading): Tensor {
  const last = unsqueeze(sub(lengths, 1), [1]);
  return sub(last, mod(sub(last, unsqueeze(arange(room), [0])), room));
}

function weighed([query, keys, values]: Heads, mask: Tensor): Tensor {
  const heads = query.shape[1] as number;
  return scaledDotProductAttention(query, repeatHeads(keys, heads), repeatHeads(values, heads), {
    mask,
  });
}
