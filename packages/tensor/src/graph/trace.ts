import { GraphError } from "../errors.ts";
import type { Tensor } from "./node.ts";
import type { Variable } from "./variable.ts";

/** What a running trace knows of variables: the inputs that stand for them and what they were assigned. */
export interface Trace {
  /** The variable's value at this point. */
  read(variable: Variable): Tensor;
  /** Sets the variable's value from this point on. */
  write(variable: Variable, value: Tensor): void;
  /** The input that stands for the variable's value at the start, if it was read. */
  source(variable: Variable): Tensor | undefined;
}

const traces: Trace[] = [];

/** Runs `body` with a trace as the current one. */
export function withTrace<R>(trace: Trace, body: () => R): R {
  traces.push(trace);
  try {
    return body();
  } finally {
    traces.pop();
  }
}

/** Runs `body` as part of the current trace, if there is one, and refuses to assign variables in it. */
export function withoutAssignments<R>(where: string, body: () => R): R {
  const outer = traces[traces.length - 1];
  if (!outer) return body();
  const trace: Trace = {
    read: (variable) => outer.read(variable),
    source: (variable) => outer.source(variable),
    write: ({ name }) => {
      throw new GraphError(
        `cannot assign variable ${name} inside ${where}; return the value and assign it outside.`,
      );
    },
  };
  return withTrace(trace, body);
}

/** The innermost running trace. */
export function currentTrace(purpose: string): Trace {
  const trace = traces[traces.length - 1];
  if (!trace) {
    throw new GraphError(`cannot ${purpose} outside of a compiled function.`);
  }
  return trace;
}
