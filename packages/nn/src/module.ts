import { type RandomKeys, type Tensor, Variable, withScope } from "@quire/tensor";

/** How a model is run: whether it is being trained, and where its random draws come from. */
export interface Mode {
  /** Whether dropout drops and running statistics are updated. */
  readonly training: boolean;
  /** Gives the keys of random draws; without it nothing is drawn. */
  readonly random?: RandomKeys;
}

/** The mode modules run in unless told: no dropout, running statistics as they are. */
export const inference: Mode = { training: false };

/**
 * A piece of a model. Its parameters are properties that hold a `Variable`, its children properties that hold
 * a module, both also in arrays and records; their paths, `blocks.0.attention.query.weight`, come from the
 * properties' names. `forward` runs in the module's scope, so nodes and errors carry its path.
 */
export abstract class Module {
  constructor() {
    scopeForward(new.target.prototype as Module);
  }

  /** Builds the module's output from its inputs, in operations. */
  abstract forward(...inputs: never[]): unknown;

  /**
   * Every variable with its path, running statistics too; one that is held twice counts once, by its first
   * path. Names the variables by their paths.
   */
  namedState(): [path: string, variable: Variable][] {
    const found = new Map<Variable, string>();
    for (const [path, part] of partsOf(this, "", new Set([this]))) {
      if (part instanceof Variable && !found.has(part)) found.set(part, path);
    }
    return [...found].map(([variable, path]) => {
      rename(variable, path);
      return [path, variable];
    });
  }

  /** Every module below this one with its path; one that is held twice counts once, by its first path. */
  namedModules(): [path: string, module: Module][] {
    return [...partsOf(this, "", new Set([this]))].filter(
      (pair): pair is [string, Module] => pair[1] instanceof Module,
    );
  }

  /** The variables that training changes, with their paths. */
  namedParameters(): [path: string, variable: Variable][] {
    return this.namedState().filter(([, variable]) => variable.trainable);
  }

  /** The variables that training changes, in the order of the properties that hold them. */
  parameters(): Variable[] {
    return this.namedParameters().map(([, variable]) => variable);
  }
}

/** A module that turns one tensor into another. */
export interface Layer extends Module {
  forward(x: Tensor, mode?: Mode): Tensor;
}

/** A longer path ends in the shorter one: what a part called `query.weight` the whole calls `block.query.weight`. */
function rename(variable: Variable, path: string): void {
  if (variable.name === "" || path.endsWith(`.${variable.name}`)) variable.name = path;
}

/** Every variable and module held below a value, with its path. */
function* partsOf(
  holder: object,
  prefix: string,
  seen: Set<object>,
): Generator<[path: string, part: Variable | Module]> {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null || seen.has(value as object)) continue;
    const part: object = value;
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (part instanceof Variable) {
      seen.add(part);
      yield [path, part];
    } else if (part instanceof Module || isContainer(part)) {
      seen.add(part);
      if (part instanceof Module) yield [path, part];
      yield* partsOf(part, path, seen);
    }
  }
}

function isContainer(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

const running: Module[] = [];
const paths = new WeakMap<Module, Map<Module, string>>();
const scoped = new WeakSet<object>();

/** Makes every `forward` on the prototype chain run in its module's scope; once for each class. */
function scopeForward(prototype: Module): void {
  let level = prototype;
  while (level !== Module.prototype && !scoped.has(level)) {
    scoped.add(level);
    const body = Object.getOwnPropertyDescriptor(level, "forward")?.value as unknown;
    if (typeof body === "function") {
      level.forward = function (this: Module, ...inputs: never[]): unknown {
        return runIn(this, () => body.apply(this, inputs) as unknown);
      };
    }
    level = Object.getPrototypeOf(level) as Module;
  }
}

function runIn(module: Module, body: () => unknown): unknown {
  const caller = running.at(-1);
  if (caller === module) return body();
  running.push(module);
  try {
    return withScope(caller ? pathWithin(caller, module) : nameRoot(module), body);
  } finally {
    running.pop();
  }
}

/** How the caller calls a module that it holds, however deep; the class's name where it holds it nowhere. */
function pathWithin(caller: Module, module: Module): string {
  const known = paths.get(caller)?.get(module);
  if (known !== undefined) return known;
  const found = new Map<Module, string>();
  for (const [path, part] of partsOf(caller, "", new Set([caller]))) {
    if (part instanceof Module) found.set(part, path);
  }
  if (!found.has(module)) found.set(module, module.constructor.name);
  paths.set(caller, found);
  return found.get(module) as string;
}

const named = new WeakSet<Module>();

/** The module that a trace starts with has no path of its own, and names all variables below it. */
function nameRoot(module: Module): string {
  if (!named.has(module)) module.namedState();
  named.add(module);
  return "";
}
