import type { HostTensor } from "@quire/tensor";
import type { NamedTensors } from "../safetensors.ts";

/** State beside model and optimiser that a training goes on from: where environments stand, for one. */
export interface KeptState {
  /** All of it, by name. */
  tensors(): Promise<NamedTensors>;
  /** Goes to where it stood. */
  restore(tensors: NamedTensors): Promise<void> | void;
}

const PREFIX = "kept.";

/** A checkpoint's tensors with what else is kept. */
export async function withKept(
  tensors: NamedTensors,
  kept: KeptState | undefined,
): Promise<NamedTensors> {
  if (!kept) return tensors;
  const further = [...(await kept.tensors())].map(([name, value]) => [PREFIX + name, value]);
  return new Map([...tensors, ...(further as [string, HostTensor][])]);
}

/** A checkpoint's tensors without what else is kept. */
export function withoutKept(tensors: NamedTensors): NamedTensors {
  return new Map([...tensors].filter(([name]) => !name.startsWith(PREFIX)));
}

/** What else a checkpoint keeps, by its own names. */
export function keptIn(tensors: NamedTensors): NamedTensors {
  return new Map(
    [...tensors].flatMap(([name, value]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value] as const] : [],
    ),
  );
}
