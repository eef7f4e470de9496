import { type Entry, type State, stateNames, states, taskText } from "../entry.ts";

/** How papers are ordered. */
export const orders = ["state", "newest", "oldest", "title"] as const;

/** What is chosen above the listing. */
export interface Choice {
  readonly query: string;
  readonly family: string;
  readonly task: string;
  readonly state: State | "";
  readonly order: (typeof orders)[number];
}

/** Nothing chosen: all papers, those that run first. */
export const noChoice: Choice = { query: "", family: "", task: "", state: "", order: "state" };

const orderNames: Readonly<Record<Choice["order"], string>> = {
  state: "what runs first",
  newest: "newest first",
  oldest: "oldest first",
  title: "by title",
};

interface FiltersProps {
  readonly entries: readonly Entry[];
  readonly choice: Choice;
  readonly onChange: (change: Partial<Choice>) => void;
}

/** Selects for family, task, state and order. */
export function Filters({ entries, choice, onChange }: FiltersProps) {
  const options = (of: "family" | "task") =>
    [...new Set(entries.map((entry) => entry[of]))].sort().map((value) => ({
      value,
      text: taskText(value),
    }));
  return (
    <div class="filters">
      <Select
        label="Family"
        all="All families"
        value={choice.family}
        options={options("family")}
        onChange={(family) => onChange({ family })}
      />
      <Select
        label="Task"
        all="All tasks"
        value={choice.task}
        options={options("task")}
        onChange={(task) => onChange({ task })}
      />
      <Select
        label="State"
        all="All states"
        value={choice.state}
        options={states.map((value) => ({ value, text: stateNames[value] }))}
        onChange={(state) => onChange({ state: state as Choice["state"] })}
      />
      <Select
        label="Order"
        value={choice.order}
        options={orders.map((value) => ({ value, text: orderNames[value] }))}
        onChange={(order) => onChange({ order: order as Choice["order"] })}
      />
    </div>
  );
}

interface SelectProps {
  readonly label: string;
  /** What stands for no choice. */
  readonly all?: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange: (value: string) => void;
}

function Select({ label, all, value, options, onChange }: SelectProps) {
  return (
    <label class={value === "" || !all ? "select" : "select chosen"}>
      <span class="hidden">{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {all && <option value="">{all}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}
