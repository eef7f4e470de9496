import { countParameters } from "@quire/nn";
import type { Build, Paper } from "@quire/papers";
import { command } from "../command.ts";
import { count, short } from "../numbers.ts";
import { loadBuild, loadPaper } from "../papers.ts";
import { table, wrapped } from "../table.ts";

/** Shows what is known of a paper. */
export const showCommand = command({
  name: "show",
  summary: "Show a paper: its idea, sizes, claims, and where our system differs",
  arguments: [{ name: "PAPER", summary: "The paper's id, such as cct" }],
  options: {},
  examples: ["quire show cct", "quire show cct --json"],
  run: async ([id = ""], _options, { console }) => {
    const paper = await loadPaper(id);
    const presets = countedPresets(paper, await loadBuild(id));
    console.print(paperText(paper, presets));
    console.result({
      ...paper,
      presets: Object.fromEntries(presets.map((row) => [row.name, row])),
    });
  },
});

interface CountedPreset {
  readonly name: string;
  readonly counted: number;
  readonly published: number | undefined;
  readonly source: string;
  readonly note: string | undefined;
  readonly options: object;
}

function countedPresets({ presets }: Paper, build: Build<object, object>): CountedPreset[] {
  return Object.entries(presets).map(([name, preset]) => ({
    name,
    counted: countParameters(build(preset.options, preset.target)),
    published: preset.parameters,
    source: preset.source,
    note: preset.note,
    options: preset.options,
  }));
}

function paperText(paper: Paper, presets: readonly CountedPreset[]): string {
  const { title, year, arXiv, family, task, summary, claims, deviations } = paper;
  const place = arXiv === undefined ? "" : ` · arXiv ${arXiv}`;
  const columns = [
    { title: "preset" },
    { title: "parameters", align: "right" } as const,
    { title: "published", align: "right" } as const,
    { title: "source" },
  ];
  const rows = presets.map(({ name, counted, published, source }) => [
    name,
    count(counted),
    published === undefined ? "" : short(published),
    source,
  ]);
  return [
    `${title}\n${year}${place} · ${family} · ${task.replaceAll("-", " ")}`,
    wrapped(summary),
    table(columns, rows),
    ...section("Notes", notesOf(presets)),
    ...section("Claims", claims.map(claimText)),
    ...section(
      "Where our system differs",
      deviations.map(({ from, to, why }) => wrapped(`- ${from} -> ${to}: ${why}`, "  ")),
    ),
  ].join("\n\n");
}

/** Each note once, after the presets that it is on. */
function notesOf(presets: readonly CountedPreset[]): string[] {
  const notes = new Set(presets.flatMap(({ note }) => note ?? []));
  return [...notes].map((note) => {
    const names = presets.filter((preset) => preset.note === note).map(({ name }) => name);
    return wrapped(`- ${names.join(", ")}: ${note}`, "  ");
  });
}

function claimText({ id, statement, figure, direction }: Paper["claims"][number]) {
  return [
    `  ${id}`,
    wrapped(statement, "    "),
    wrapped(`The paper: ${figure}`, "    "),
    wrapped(`Holds here if: ${direction}`, "    "),
  ].join("\n");
}

function section(title: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [[title, ...parts].join("\n")];
}
