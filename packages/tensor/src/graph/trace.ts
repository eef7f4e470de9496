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

/** The innermost running trace. */
export function currentTrace(purpose: string): Trace {
  const trace = traces[traces.length - 1];
  if (!trace) {
    throw new GraphError(`cannot ${purpose} outside of compile; use get() and set() there.`);
  }
  return trace;
}
