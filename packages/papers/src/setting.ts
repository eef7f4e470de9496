/** Something that a user may set, as data: options of the command, fields of a page and their checks come of it. */
export type Setting = SettingKind & {
  /** What it sets, as a phrase: "Width of the model". */
  readonly summary: string;
};

type SettingKind =
  | { readonly kind: "whole"; readonly from?: number; readonly to?: number }
  | {
      readonly kind: "number";
      readonly above?: number;
      readonly from?: number;
      readonly to?: number;
    }
  | { readonly kind: "choice"; readonly words: readonly string[] }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "switch" };

/** Settings by their names in camel case. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** What a setting may be set to. */
export type SettingValue = number | string | boolean;
