/**
 * Which settings networks for tables do best with, on tables that no claim is measured on: R's package modeldata
 * (Debian: `apt-get install r-cran-modeldata`). Every candidate is trained on the same rows with the same seeds and
 * patience; what is printed is the mean score over tables and seeds, the best first. ExcelFormer's claims, and the MLP
 * that takes part in them, have the settings that win here.
 */
import { parseArgs } from "node:util";
import { Table } from "@quire/data";
import { readRPackage } from "@quire/data/files";
import { meanOf, type TabularRecipe } from "@quire/papers";
import { MultiLayerPerceptron, recipe, size } from "@quire/papers/excelformer/baselines";
import { build } from "@quire/papers/excelformer/model";
import {
  type ComparedTable,
  modelOnTable,
  type PartedTable,
  partTable,
  type RunOnTable,
} from "@quire/papers/tasks/tabular-comparison";
import { machine } from "../step/report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seeds: { type: "string", default: "11,12" },
  },
});
const seeds = values.seeds.split(",").map(Number);

/** Tables with the column that is predicted, and columns that are no feature: a name, a part. */
const tables = {
  attrition: ["Attrition", "class", []],
  lending_club: ["Class", "class", []],
  biomass: ["HHV", "number", ["sample", "dataset"]],
  penguins: ["body_mass_g", "number", []],
} as const satisfies Record<
  string,
  readonly [target: string, predict: ComparedTable["predict"], without: readonly string[]]
>;

/** As many rows as the claims take. */
const taken = { train: 500, validation: 200, test: 1000 };

interface Candidate {
  readonly network: "ExcelFormer" | "MLP";
  readonly name: string;
  readonly run: RunOnTable;
}

const rates = [1e-3, 3e-3];

function candidatesOf(own: TabularRecipe): readonly Candidate[] {
  const excelFormers = ["none", "features", "hidden"].map((of): Candidate => {
    const mix = of === "none" ? of : ({ of, alpha: 0.5 } as TabularRecipe["mix"]);
    return {
      network: "ExcelFormer",
      name: `rate ${own.learningRate}, mixing ${of}`,
      run: modelOnTable({
        ...{ paper: "excelformer", options: size, build: (target) => build(size, target) },
        recipe: { ...own, mix },
      }),
    };
  });
  const perceptrons = [64, 128, 256].map((width): Candidate => {
    const options = { width, depth: 3, dropout: 0.1 };
    const made = { paper: "excelformer", options, recipe: own };
    return {
      network: "MLP",
      name: `rate ${own.learningRate}, width ${width}`,
      run: modelOnTable({ ...made, build: (to) => new MultiLayerPerceptron(to, options) }),
    };
  });
  return [...excelFormers, ...perceptrons];
}

async function parted(name: keyof typeof tables, seed: number): Promise<PartedTable> {
  const [target, predict, without] = tables[name];
  const whole = await readRPackage("modeldata", name);
  const left = new Set<string>(without);
  const { format, rows, place } = whole;
  const columns = whole.columns.filter((column) => !left.has(column.name));
  const all = new Table({ name, format, rows, place, columns });
  const told = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => predict === "class" || Number.isFinite(all.numbers(target)[row]),
  );
  const table = all.select(told);
  return partTable({ name, table, target, predict }, taken, seed);
}

async function scoresOf({ run }: Candidate): Promise<number[]> {
  const scores: number[] = [];
  for (const name of Object.keys(tables) as (keyof typeof tables)[]) {
    const own: number[] = [];
    for (const seed of seeds) {
      const turn = await run(await parted(name, seed), seed, { onProgress: () => undefined });
      own.push(turn.score);
      await turn.kept?.release();
    }
    scores.push(meanOf(own));
  }
  return scores;
}

async function main(): Promise<void> {
  console.log(machine());
  const all = rates.flatMap((learningRate) => candidatesOf({ ...recipe, learningRate }));
  const found: { readonly title: string; readonly scores: readonly number[] }[] = [];
  for (const candidate of all) {
    if (values.only && candidate.network !== values.only) continue;
    const started = performance.now();
    const scores = await scoresOf(candidate);
    const title = `${candidate.network}, ${candidate.name}`;
    found.push({ title, scores });
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${meanOf(scores).toFixed(4)}  ${title}: ${seconds} s`);
  }
  console.log(`\nmean    ${Object.keys(tables).join(", ")}`);
  const best = found.toSorted((a, b) => meanOf(b.scores) - meanOf(a.scores));
  for (const { title, scores } of best) {
    const each = scores.map((score) => score.toFixed(3)).join(" ");
    console.log(`${meanOf(scores).toFixed(4)}  ${each}  ${title}`);
  }
}

await main();
