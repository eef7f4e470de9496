import type { Control, Demonstration, SettingValue } from "@quire/papers";

/** What a page shows of a demonstration before it runs. */
export type ShownDemonstration = Pick<Demonstration, "title" | "summary" | "controls">;

/** What all controls of a demonstration are at first. */
export function initialValues({ controls }: ShownDemonstration): Record<string, SettingValue> {
  return Object.fromEntries(Object.entries(controls).map(([name, { initial }]) => [name, initial]));
}

interface ControlsProps {
  readonly demonstration: ShownDemonstration;
  readonly values: Readonly<Record<string, SettingValue>>;
  readonly onChange: (name: string, value: SettingValue) => void;
}

/** The few settings that teach something. */
export function Controls({ demonstration, values, onChange }: ControlsProps) {
  return (
    <>
      {Object.entries(demonstration.controls).map(([name, control]) => (
        <div key={name} class="control">
          <label for={`control-${name}`}>{control.setting.summary}</label>
          <Field
            id={`control-${name}`}
            control={control}
            value={values[name] ?? control.initial}
            onChange={(value) => onChange(name, value)}
          />
        </div>
      ))}
    </>
  );
}

interface FieldProps {
  readonly id: string;
  readonly control: Control;
  readonly value: SettingValue;
  readonly onChange: (value: SettingValue) => void;
}

function Field({ id, control: { setting }, value, onChange }: FieldProps) {
  if (setting.kind === "choice") {
    return (
      <select
        id={id}
        value={String(value)}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        {setting.words.map((word) => (
          <option key={word} value={word} selected={word === value}>
            {word}
          </option>
        ))}
      </select>
    );
  }
  if (setting.kind === "whole" || setting.kind === "number") {
    const { from = 0, to = 10 } = setting;
    const step = setting.kind === "whole" ? 1 : (to - from) / 50;
    return (
      <span class="slider">
        <input
          id={id}
          type="range"
          min={from}
          max={to}
          step={step}
          value={Number(value)}
          onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
        />
        <output>{Number(Number(value).toFixed(2))}</output>
      </span>
    );
  }
  if (setting.kind === "switch") {
    return (
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  }
  return (
    <input
      id={id}
      type="text"
      value={String(value)}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
