import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ChromiumError, withPage } from "./browser/chromium.ts";
import { type Case, type Ran, verdictOf } from "./browser/conformance-report.ts";
import { inTime } from "./browser/in-time.ts";
import { shortForm } from "./browser/short-form.ts";

type Stored = Case["stored"];

function stored(label: string, data: readonly (number | string)[], active: readonly boolean[]) {
  const gradients = active.map((isActive) => (isActive ? {} : null));
  return { op: "add", label, inputs: [{ dtype: "float32", data }], gradients };
}

describe("the suite's short form", () => {
  test("takes no case that reaches nothing new, and plain ones before others", () => {
    const cases = [
      stored("empty", [], [true, true]),
      stored("infinite", ["Infinity"], [true, true]),
      stored("left", [1], [true, false]),
      stored("left again", [2], [true, false]),
      stored("both", [3], [true, true]),
    ];
    expect(shortForm(cases).map(({ label }) => label)).toEqual(["left", "both"]);
    expect(shortForm(cases.slice(0, 2)).map(({ label }) => label)).toEqual(["empty"]);
  });

  test("reaches every operation and every gradient rule of the references", () => {
    const folder = fileURLToPath(new URL("../packages/tensor/references", import.meta.url));
    const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
    const families = files
      .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { cases?: Stored[] })
      .flatMap(({ cases }) => (cases?.[0]?.op === undefined ? [] : [cases]));
    const rules = (cases: readonly Stored[]) =>
      new Set(
        cases.flatMap(({ op, gradients = [] }) => [
          op,
          ...gradients.flatMap((gradient, i) => (gradient ? [`${op} by ${i}`] : [])),
        ]),
      );
    for (const cases of families) {
      const few = shortForm(cases);
      expect(rules(few)).toEqual(rules(cases));
      expect(few.length).toBeLessThan(cases.length);
    }
    expect(families.length).toBeGreaterThan(8);
  });
});

describe("a backend's verdict", () => {
  const outcome = { op: "exp", label: "[2, 3]", dtype: "float32", hasGradient: true };
  const first: Ran = {
    backend: "Node, processor",
    outcomes: [outcome],
    skipped: [],
    losses: [4, 3.5],
    seconds: 1,
  };

  test("names what is wrong with cases, losses and the run", () => {
    expect(verdictOf(first, first, 1e-3)).toEqual({
      backend: "Node, processor",
      state: "passed",
      text: "1 of 1 cases pass (1 with gradients), 0 skipped; 2 training steps, losses within 0.0e+0; 1 s",
      failures: [],
    });
    const wrong = [{ ...outcome, values: "0 is f32[], not f32[2,3]", gradients: "0: 1 differ" }];
    const off: Ran = { ...first, backend: "page", outcomes: wrong, losses: [4, 3.6] };
    expect(verdictOf(off, first, 1e-3)).toMatchObject({
      state: "failed",
      failures: [
        "exp of float32, [2, 3]: 0 is f32[], not f32[2,3]; gradient 0: 1 differ",
        "the training step's losses differ by 1.0e-1 from Node, processor's",
      ],
    });
    const hung: Ran = { ...first, losses: [], failure: "it gives no answer in 1 s" };
    expect(verdictOf(hung, first, 1e-3)).toMatchObject({
      state: "failed",
      text: "1 of 1 cases pass (1 with gradients), 0 skipped; it went no further; 1 s",
      failures: ["it gives no answer in 1 s"],
    });
  });
});

describe("what hangs", () => {
  test("is told of when its time is over", async () => {
    const never = new Promise<never>(() => undefined);
    await expect(inTime(never, 10, "it gives no answer")).rejects.toThrow(/^it gives no answer$/);
    expect(await inTime(Promise.resolve(3), 1000, "it gives no answer")).toBe(3);
  });

  test.skipIf(process.platform === "win32").each([
    ["says nothing", "exec sleep 60", /^browserType\.launch: Timeout 500ms exceeded$/],
    ["ends at once", "exit 3", /^browserType\.launch: .+ closed$/],
  ])("as a Chromium that %s is named, with what to do", async (_, script, reason) => {
    const folder = mkdtempSync(join(tmpdir(), "quire-chromium-"));
    const path = join(folder, "chromium");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const options = { folder, entry: "entry.js", isolated: true };
    try {
      const error = await withPage(path, options, async () => undefined, 500).catch(
        (reasoned: unknown) => reasoned,
      );
      expect(error).toBeInstanceOf(ChromiumError);
      const [before, why, after] = (error as Error).message.split(/(?<=page: )|(?=; install)/);
      expect(before).toBe(`Chromium (${path}) opens no page: `);
      expect(why).toMatch(reason);
      expect(after).toBe("; install it again, or name another by QUIRE_CHROMIUM.");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
