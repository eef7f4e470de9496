// T steps, O numbers of an observation, A actions

import { compile, hostTensor, QuireError, softmax, type Tensor } from "@quire/tensor";
import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile, tableEndings } from "../task-answer.ts";
import { ControlAgent } from "./control-system.ts";
import { columnsText, givenTable, numberColumns } from "./given-table.ts";

/** Steps that are read, at most. */
const MOST = 256;

/** What an agent sees, step by step, is told what it would do. */
export const controlAnswer = answersFiles(
  ControlAgent,
  {
    text: "Drop a table of what it sees, a row a step, and it says what it would do.",
    accept: tableEndings,
  },
  acted,
);

async function acted(system: ControlAgent, given: GivenFile): Promise<Figure[]> {
  const { target, actions: names = [] } = system.description;
  const observations = await observationsIn(given, target.observation);
  const steps = observations.length / target.observation;
  const { model } = system;
  const carried = Object.entries(model.carried).map(([name, shape]) => {
    const zeros = new Float32Array(shape.reduce((product, size) => product * size, 1));
    return [name, hostTensor(zeros, [1, ...shape])] as const;
  });
  const policy = compile((seen: Tensor, first: Tensor, ...before: Tensor[]) => {
    const begun = carried.map(([name], place) => [name, before[place] as Tensor] as const);
    const inputs = { observations: seen, first, carried: Object.fromEntries(begun) };
    return softmax(model.forward(inputs).logits, { axis: 2 });
  });
  const first = new Float32Array(steps);
  first[0] = 1;
  const found = await policy(
    hostTensor(observations, [1, steps, target.observation]),
    hostTensor(first, [1, steps]),
    ...carried.map(([, value]) => value),
  );
  await policy.release();
  const shares = found.toArray();
  const rows = Array.from({ length: steps }, (_, step) =>
    shares.slice(step * target.actions, (step + 1) * target.actions),
  );
  const nameOf = (action: number): string => names[action] ?? `action ${action}`;
  const lines = rows.map((own, step) => {
    const best = own.indexOf(Math.max(...own));
    return `step ${String(step + 1).padStart(3)}  ${nameOf(best)}  ${(100 * (own[best] as number)).toFixed(1)} %`;
  });
  return [
    { kind: "text", title: "What it would do at each step", text: lines.join("\n") },
    {
      ...{ kind: "heat", title: "How likely each action is" },
      caption: "A row for each action, a column for each step: it remembers the steps before.",
      rows: Array.from({ length: target.actions }, (_, action) => nameOf(action)),
      columns: rows.map((_, step) => String(step + 1)),
      values: Array.from({ length: target.actions }, (_, action) =>
        rows.map((own) => own[action] as number),
      ),
    },
  ];
}

/** `[T, O]` */
async function observationsIn(given: GivenFile, count: number): Promise<Float32Array> {
  const table = await givenTable(given);
  const columns = numberColumns(table);
  if (columns.length !== count) {
    throw new QuireError(
      `"${given.name}" has ${columnsText(columns.length)} of numbers, and the agent sees ${count}: give as many.`,
    );
  }
  const steps = Math.min(MOST, table.rows);
  const values = columns.map(({ name }) => table.completeNumbers(name));
  return Float32Array.from({ length: steps * count }, (_, i) => {
    return values[i % count]?.[Math.floor(i / count)] as number;
  });
}
