/** The suite in a process of its own: it answers one call a message. */
import { suite } from "./conformance.ts";

interface Call {
  readonly method: keyof typeof suite;
  readonly given: readonly unknown[];
}

process.on("message", async ({ method, given }: Call) => {
  try {
    const call = suite[method] as (...values: readonly unknown[]) => unknown;
    process.send?.({ result: await call(...given) });
  } catch (error) {
    process.send?.({ error: (error as Error).message });
  }
});
