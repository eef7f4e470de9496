import type { Demonstration, Frame } from "../demonstration.ts";
import type { SettingValue } from "../setting.ts";
import type { System } from "../system.ts";

/** What a demonstration came to. */
export interface Shown {
  readonly frames: readonly Frame[];
  /** What learnt, where it was given away. */
  readonly system: System | undefined;
}

/** Runs a demonstration with its own settings but those that are changed, and stops it after so many frames. */
export async function shown(
  demonstration: Demonstration,
  change: Readonly<Record<string, SettingValue>> = {},
  last = Number.POSITIVE_INFINITY,
): Promise<Shown> {
  const controls = Object.entries(demonstration.controls);
  const initial = Object.fromEntries(controls.map(([name, control]) => [name, control.initial]));
  const controller = new AbortController();
  const frames: Frame[] = [];
  let system: System | undefined;
  const given = {
    ...{ values: { ...initial, ...change }, seed: 1, signal: controller.signal },
    onSystem: (made: System) => {
      system = made;
    },
  };
  for await (const frame of demonstration.run(given)) {
    frames.push(frame);
    if (frames.length === last) controller.abort();
  }
  return { frames, system };
}
