import type { Setting, SettingTable, SettingValue } from "@quire/papers";
import { UsageError } from "./errors.ts";
import { choice, flag, number, type Option, type OptionTable, text, whole } from "./option.ts";

/** A setting as an option; `absent` says what holds where it is left out, such as "the paper's". */
export function optionOf(
  setting: Setting,
  absent: string,
): Option<SettingValue | undefined> | Option<boolean> {
  const summary = `${setting.summary}; ${absent} unless said`;
  switch (setting.kind) {
    case "whole":
      return whole(summary, boundsOf(setting));
    case "number":
      return number(summary, boundsOf(setting));
    case "choice":
      return choice(summary, setting.words);
    case "text":
      return text(setting.value, summary);
    case "switch":
      return flag(setting.summary);
  }
}

/** Settings as options, each with what holds where it is left out. */
export function optionsOf(settings: SettingTable, absent: (name: string) => string): OptionTable {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, optionOf(setting, absent(name))]),
  );
}

/** Those of the settings that a call gives values to. */
export function givenOf(
  settings: SettingTable,
  values: Readonly<Record<string, unknown>>,
): Record<string, SettingValue> {
  const given = Object.keys(settings).flatMap((name) => {
    const value = values[name] as SettingValue | undefined;
    const isGiven = value !== undefined && !(settings[name]?.kind === "switch" && value === false);
    return isGiven ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given);
}

/**
 * Reads a setting's value from a text, as `--set` gives it.
 *
 * @throws UsageError when it is none.
 */
export function readSetting(setting: Setting, value: string, name: string): SettingValue {
  if (setting.kind === "switch") {
    if (value === "true" || value === "false") return value === "true";
    throw new UsageError(`${name} takes true or false, got "${value}".`);
  }
  return optionOf(setting, "").read(value, name) as SettingValue;
}

function boundsOf<T extends { readonly from?: number; readonly to?: number; above?: number }>({
  from,
  to,
  above,
}: T) {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(above !== undefined && { above }),
  };
}
