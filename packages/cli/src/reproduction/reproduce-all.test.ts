import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Experiment, Figure, Paper } from "@quire/papers";
import { QuireError } from "@quire/tensor";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Context } from "../command.ts";
import { Console } from "../console.ts";
import { type Grounds, isSameGround } from "../machine.ts";
import { readRecord, writeRecord } from "../results.ts";
import { measurePaper } from "./measure-paper.ts";
import { type PaperSource, reproduceAll, summarize } from "./reproduce-all.ts";

const ground: Grounds = {
  machine: { processor: "a processor", cores: 2, memoryGiB: 8, system: "a system" },
  versions: { quire: "0.0.1" },
  sources: "a tree",
};
const held = vi.hoisted(() => ({ grounds: {} }));
vi.mock(import("../machine.ts"), async (original) => ({
  ...(await original()),
  grounds: () => held.grounds as Grounds,
}));

let out = "";
let printed: string[] = [];
let control = new AbortController();

class Spoken extends Console {
  override print(text: string): void {
    printed.push(text);
  }
}

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "quire-reproduce-"));
  printed = [];
  held.grounds = ground;
  control = new AbortController();
});
afterEach(() => {
  rmSync(out, { recursive: true });
});

function context(): Context {
  const console = new Spoken({ json: false, quiet: true });
  return { console, words: [], interruptible: () => control.signal, fail: () => undefined };
}

/** Experiments that count how often they run. */
function counting(claims: readonly string[], holds: boolean, runs: string[]): Experiment {
  return {
    ...{ claims, seeds: [1, 2, 3], load: () => Promise.resolve(undefined) },
    measure: ({ seeds }) => {
      runs.push(claims.join());
      const row = { system: "ours", parameters: 7, metrics: { accuracy: seeds.map(() => 0.5) } };
      return Promise.resolve({
        metrics: [{ name: "accuracy", as: "share", better: "higher" }],
        rows: [{ ...row, seconds: seeds.map(() => 1), curves: [] }],
        verdicts: claims.map((claim) => ({
          claim,
          holds,
          rule: "a rule.",
          found: `${claim} seen.`,
        })),
      });
    },
  };
}

function failing(claims: readonly string[], error: Error): Experiment {
  const load = (): Promise<never> => Promise.reject(error);
  return { claims, seeds: [1], load, measure: load };
}

function source(id: string, experiments: readonly Experiment[]): PaperSource {
  const ids = experiments.flatMap(({ claims }) => claims);
  const paper = {
    ...{ id, title: id, year: 2020, family: "tests", task: "method", summary: "", presets: {} },
    ...{ recipe: {}, deviations: [] },
    claims: ids.map((claim) => ({
      id: claim,
      statement: "",
      figure: `${claim}: 1`,
      direction: "",
    })),
  } satisfies Paper;
  return { id, load: () => Promise.resolve({ paper, experiments }) };
}

const missing = new QuireError('The data is not installed: run "apt-get install r-cran-none".');
const how = { budget: "full", seed: 0, keep: true, jobs: 1 } as const;

describe("reproduce --all", () => {
  test("goes on past what fails, and prints one table", async () => {
    const runs: string[] = [];
    const sources = [
      source("alpha", [counting(["first", "second"], true, runs), failing(["third"], missing)]),
      source("beta", [failing(["fourth"], new Error("boom")), counting(["fifth"], false, runs)]),
    ];
    expect(await reproduceAll(sources, { ...how, out }, context())).toBe(false);
    expect(runs).toEqual(["first,second", "fifth"]);
    expect(printed[0]).toBe(
      [
        "paper  claim   here           found                                            the paper's figure  seconds",
        "-----  ------  -------------  -----------------------------------------------  ------------------  -------",
        "alpha  first   holds          first seen.                                      first: 1                  0",
        "alpha  second  holds          second seen.                                     second: 1                 0",
        'alpha  third   not run        The data is not installed: run "apt-get install  third: 1',
        '                              r-cran-none".',
        "beta   fourth  not run        Quire failed: boom                               fourth: 1",
        "beta   fifth   does not hold  fifth seen.                                      fifth: 1                  0",
        "",
        "5 claims: 2 hold, 1 does not hold, 2 not run. Measuring took 0.0 s.",
      ].join("\n"),
    );
    const summary = readFileSync(join(out, "summary.md"), "utf8");
    const today = new Date().toISOString().slice(0, 10);
    expect(summary).toContain(`| alpha | first | holds | first seen. | first: 1 | 0 | ${today} |`);
    expect(summary).toContain("| beta | fourth | not run | Quire failed: boom | fourth: 1 |  |  |");
    await summarize(sources, { out, budget: "full" });
    const again = readFileSync(join(out, "summary.md"), "utf8");
    expect(again).toBe(
      summary.replace(/The data is not installed[^|]*(?= \|)|Quire failed: boom/g, "Not measured."),
    );
    const record = JSON.parse(readFileSync(join(out, "alpha.json"), "utf8"));
    expect(record.experiments).toMatchObject([{ claims: ["first", "second"], seeds: [1, 2, 3] }]);
  });

  test("a paper that cannot be read does not stop the others", async () => {
    const broken = { id: "alpha", load: () => Promise.reject(new Error("no such module")) };
    const sources = [broken, source("beta", [counting(["first"], true, [])])];
    expect(await reproduceAll(sources, { ...how, out }, context())).toBe(false);
    expect(printed[0]).toContain("alpha         not run  Quire failed: no such module");
    expect(printed[0]).toContain("2 claims: 1 hold, 0 do not hold, 1 not run.");
  });

  test("what stands measured on the same grounds is not measured again, unless asked", async () => {
    const runs: string[] = [];
    const sources = [source("alpha", [counting(["first"], true, runs)])];
    await reproduceAll(sources, { ...how, out }, context());
    expect(await reproduceAll(sources, { ...how, out }, context())).toBe(true);
    expect(runs.length).toBe(1);
    expect(printed[2]).toBe(printed[0]);
    await reproduceAll(sources, { ...how, out, keep: false }, context());
    expect(runs.length).toBe(2);
    await reproduceAll(sources, { ...how, out, seeds: [9] }, context());
    expect(runs.length).toBe(3);
    held.grounds = { ...ground, versions: { quire: "0.0.2" } };
    await reproduceAll(sources, { ...how, out, seeds: [9] }, context());
    expect(runs.length).toBe(4);
  });

  test("pictures of bytes are files beside the report, which shows them", async () => {
    const figure: Figure = {
      kind: "pixels",
      ...{ title: "What it draws", caption: "All red.", width: 2, height: 1 },
      bytes: Uint8ClampedArray.of(255, 0, 0, 255, 255, 0, 0, 255),
    };
    const plain = counting(["first"], true, []);
    const drawing: Experiment = {
      ...plain,
      measure: async (context) => ({
        ...(await plain.measure(context)),
        figures: [figure, figure],
      }),
    };
    await reproduceAll([source("alpha", [drawing])], { ...how, out }, context());
    const record = await readRecord(out, "alpha");
    expect(record?.experiments[0]?.figures).toEqual([]);
    expect(record?.experiments[0]?.pictures).toEqual([
      { title: "What it draws", caption: "All red.", file: "first.png" },
      { title: "What it draws", caption: "All red.", file: "first-2.png" },
    ]);
    const png = readFileSync(join(out, "alpha", "first-2.png"));
    const report = readFileSync(join(out, "alpha", "report.html"), "utf8");
    expect(report.split(`data:image/png;base64,${png.toString("base64")}`)).toHaveLength(3);
    // What is gone, as in a fresh clone, is left out.
    rmSync(join(out, "alpha", "first.png"));
    await reproduceAll(
      [source("alpha", [drawing, counting(["second"], true, [])])],
      { ...how, out },
      context(),
    );
    const again = readFileSync(join(out, "alpha", "report.html"), "utf8");
    expect(again.split("data:image/png;base64,")).toHaveLength(2);
  });

  test("sources that were changed without a commit are other grounds each time", () => {
    expect(isSameGround(ground, { ...ground, commit: "a later one" })).toBe(true);
    expect(isSameGround(ground, { ...ground, sources: "another tree" })).toBe(false);
    expect(isSameGround(ground, { ...ground, machine: { ...ground.machine, cores: 4 } })).toBe(
      false,
    );
    const changed = { ...ground, sources: "a tree+" };
    expect(isSameGround(changed, changed)).toBe(false);
  });

  test("an interruption keeps what was measured, and tells of it", async () => {
    const runs: string[] = [];
    const stopping: Experiment = {
      ...counting(["second"], true, runs),
      measure: () => {
        control.abort(new Error("enough"));
        return Promise.reject(control.signal.reason);
      },
    };
    const sources = [
      source("alpha", [counting(["first"], true, runs)]),
      source("beta", [counting(["third"], true, runs), stopping]),
    ];
    await expect(reproduceAll(sources, { ...how, out }, context())).rejects.toThrow("enough");
    expect(printed[0]).toContain("1 claims: 1 hold");
    expect((await readRecord(out, "beta"))?.experiments.map(({ claims }) => claims)).toEqual([
      ["third"],
    ]);
  });
});

describe("one paper", () => {
  test("a single claim is added to what was measured before, in the paper's order", async () => {
    const runs: string[] = [];
    const all = ["first", "second", "third"].map((id) => counting([id], true, runs));
    const { paper } = await source("alpha", all).load();
    const one = { ...how, keep: false, goOn: false, out };
    for (const place of [2, 0]) {
      await measurePaper(paper, { all, chosen: all.slice(place, place + 1) }, one, context());
    }
    const claims = (await readRecord(out, "alpha"))?.experiments.map((entry) => entry.claims);
    expect(claims).toEqual([["first"], ["third"]]);
    const failed = { all, chosen: [failing(["second"], missing)] };
    await expect(measurePaper(paper, failed, one, context())).rejects.toThrow(missing);
  });

  test("a glance does not mix with what was measured in full; other files are refused", async () => {
    const runs: string[] = [];
    const all = [counting(["first"], true, runs), counting(["second"], true, runs)];
    const { paper } = await source("alpha", all).load();
    const one = { ...how, keep: false, goOn: false, out };
    await measurePaper(paper, { all, chosen: all }, one, context());
    const quick = { ...one, budget: "quick" } as const;
    const { record } = await measurePaper(paper, { all, chosen: all.slice(1) }, quick, context());
    expect(record.experiments.map(({ claims, seeds }) => [...claims, ...seeds])).toEqual([
      ["second", 1],
    ]);
    await writeRecord(out, { paper: "beta", budget: "full", experiments: [{} as never] });
    await expect(readRecord(out, "beta")).rejects.toThrow(
      `"${join(out, "beta.json")}" holds no results that can be added to: move it away.`,
    );
  });
});
