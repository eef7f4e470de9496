import type { Figure, Frame, SettingValue, TaskName } from "@quire/papers";
import type { Given } from "@quire/papers/answer";
import type { Device, DeviceReport } from "@quire/tensor";

/** What a page asks of the worker that papers run in. */
export type Asked =
  | { readonly type: "devices" }
  | { readonly type: "count"; readonly paper: string; readonly task: TaskName }
  | {
      readonly type: "run";
      readonly paper: string;
      readonly values: Readonly<Record<string, SettingValue>>;
      readonly seed: number;
      readonly device: Device;
    }
  | { readonly type: "stop" }
  | { readonly type: "export" }
  | { readonly type: "answer"; readonly given: Given };

/** A size of a paper as it was counted. */
export interface CountedPreset {
  readonly name: string;
  readonly parameters: number;
  /** Of one example; left out for a method. */
  readonly flops?: number;
}

/** What the worker says; `addresses` are of the files that it fetched, to be kept. */
export type Said =
  | {
      readonly type: "devices";
      readonly reports: readonly DeviceReport[];
      readonly preferred: Device;
    }
  | { readonly type: "counted"; readonly preset: CountedPreset }
  /** There is a system that can be exported and asked. */
  | { readonly type: "made" }
  | { readonly type: "frame"; readonly frame: Frame }
  | {
      readonly type: "ended";
      readonly isStopped: boolean;
      readonly addresses: readonly string[];
    }
  | {
      readonly type: "exported";
      readonly model: Uint8Array;
      readonly files: Readonly<Record<string, string | Uint8Array>>;
    }
  | { readonly type: "answered"; readonly figures: readonly Figure[] }
  | { readonly type: "failed"; readonly during: Asked["type"]; readonly message: string };
