const path: string[] = [];

/** Runs `body` as part of the module called `name`: nodes and errors made inside carry its path. */
export function withScope<R>(name: string, body: () => R): R {
  path.push(name);
  try {
    return body();
  } finally {
    path.pop();
  }
}

/** The path of the modules being traced, `blocks.0.attention`; empty outside of any. */
export function currentPath(): string {
  return path.filter((name) => name !== "").join(".");
}
