import type { Figure, Frame, SettingValue, SystemFiles, TaskName } from "@quire/papers";
import type { Given, Wanted } from "@quire/papers/task-answer";
import type { Device, DeviceReport } from "@quire/tensor";

/** Who answers a file: what the demonstration trained, or the method that a paper is. */
export type Answering = "system" | "method";

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
  /** Asks for the model as a file, or for an example of what it makes of inputs. */
  | { readonly type: "export"; readonly what: "model" | "example"; readonly paper: string }
  | {
      readonly type: "answer";
      readonly by: Answering;
      readonly paper: string;
      readonly given: Given;
    };

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
  /** There is a system that can be exported, and asked where it wants something. */
  | { readonly type: "made"; readonly wanted: Wanted | undefined }
  | { readonly type: "frame"; readonly frame: Frame }
  | {
      readonly type: "ended";
      readonly isStopped: boolean;
      readonly addresses: readonly string[];
    }
  | { readonly type: "exported"; readonly files: SystemFiles }
  | {
      readonly type: "answered";
      readonly by: Answering;
      readonly figures: readonly Figure[];
      readonly files: SystemFiles;
    }
  | {
      readonly type: "failed";
      readonly during: Asked["type"];
      /** Who was asked for an answer, where one was. */
      readonly by?: Answering;
      readonly message: string;
    };
