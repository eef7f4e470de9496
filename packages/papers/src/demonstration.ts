import type { Figure } from "./figure.ts";
import type { Setting, SettingValue } from "./setting.ts";
import type { System } from "./system.ts";

/**
 * A paper's system at work in a page, small enough to be seen learning within seconds; what `demonstration.ts`
 * exports as `demonstration`.
 */
export interface Demonstration {
  readonly title: string;
  /** What is to be seen, as a sentence or two. */
  readonly summary: string;
  /** The few settings that teach something, with what they are at first. */
  readonly controls: Readonly<Record<string, Control>>;
  /** Trains step by step, and shows what it does; ends by itself, or when the signal says so. */
  run(given: DemonstrationGiven): AsyncGenerator<Frame, void, undefined>;
}

/** A setting and what it is at first. */
export interface Control {
  readonly setting: Setting;
  readonly initial: SettingValue;
}

/** What a demonstration is run with. */
export interface DemonstrationGiven {
  /** Values of all controls, by their names. */
  readonly values: Readonly<Record<string, SettingValue>>;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Is given what learns as soon as it is there; it may be used between frames, and after the last. */
  readonly onSystem?: (system: System) => void;
}

/** What a demonstration shows at a time. */
export interface Frame {
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Values whose curves are drawn, such as losses, by name. */
  readonly values: Readonly<Record<string, number>>;
  /** What it looks like now; left out where it has not changed. */
  readonly figures?: readonly Figure[];
}
