import { currentPath } from "./scope.ts";
import { type TensorType, typeText } from "./shape.ts";

/** Base of every error that Quire raises for something a caller can mend. */
export class QuireError extends Error {
  override readonly name: string = "QuireError";
}

/** Broken expectations about shapes: which operation, what it got and what it wanted. */
export class ShapeError extends QuireError {
  override readonly name: string = "ShapeError";
  readonly op: string;
  readonly got: readonly TensorType[];
  readonly rule: string;

  constructor(op: string, rule: string, got: readonly TensorType[]) {
    super(located(`${op}: ${rule}`));
    this.op = op;
    this.rule = rule;
    this.got = got;
  }
}

/** An operand of a dtype that the operation does not take. */
export class DTypeError extends QuireError {
  override readonly name: string = "DTypeError";
  readonly op: string;
  readonly got: readonly TensorType[];
  readonly rule: string;

  constructor(op: string, rule: string, got: readonly TensorType[]) {
    super(located(`${op}: ${rule}`));
    this.op = op;
    this.rule = rule;
    this.got = got;
  }
}

/** Something asked of a graph that it cannot give: a gradient that does not exist, a name not there. */
export class GraphError extends QuireError {
  override readonly name: string = "GraphError";

  constructor(message: string, options?: ErrorOptions) {
    super(located(message), options);
  }
}

/** Operands as a message lists them: `a f32[2,3], b f32[4]`. */
export function operandsText(types: readonly TensorType[]): string {
  const names = types.length === 1 ? ["x"] : ["a", "b", "c", "d", "e", "f", "g", "h"];
  return types.map((type, i) => `${names[i] ?? `input ${i}`} ${typeText(type)}`).join(", ");
}

/** Stops on a broken invariant of Quire itself, saying what was assumed. */
export function assert(condition: unknown, assumed: string): asserts condition {
  if (!condition) throw new Error(`Quire assumed that ${assumed}; please report this.`);
}

/** Adds where it happened: the module's path and the first line of code outside of Quire's packages. */
function located(message: string): string {
  const path = currentPath();
  const line = userLine(deepStack());
  const places = [path && `in ${path}`, line && `at ${line}`].filter((place) => place !== "");
  return places.length === 0 ? message : `${message} (${places.join(", ")})`;
}

/** The stack of calls as text, deep enough to reach out of nested modules. */
function deepStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack = "" } = new Error("here");
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

const ownCode =
  /packages[\\/](tensor|nn|train|data)[\\/](src|dist)[\\/](?!.*\.test\.ts)|node_modules|node:/;

function userLine(stack: string): string {
  for (const frame of stack.split("\n").slice(1)) {
    const place = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(frame.trim());
    if (place && !ownCode.test(place[1] as string)) {
      return `${(place[1] as string).split(/[\\/]/).pop()}:${place[2]}`;
    }
  }
  return "";
}
