/**
 * How long two tables of 200,000 names take to be linked, which share of the exact neighbours the graph finds, and how
 * long exact search would take. The names are places of the world; the encoder is the small one, trained for a minute
 * at most, since what its vectors look like decides how hard they are to search.
 */
import { parseArgs } from "node:util";
import { cities } from "@quire/data/files";
import { Linker, linkVectors, trainLinker, trainRecordTokenizer } from "@quire/papers";
import { build } from "@quire/papers/linktransformer/model";
import { placeTask } from "@quire/papers/linktransformer/names";
import { paper } from "@quire/papers/linktransformer/paper";
import { exactSearch, type Vectors } from "@quire/train";
import { graphSearch } from "@quire/train/node";
import { machine } from "../step/report.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200000" },
    epochs: { type: "string", default: "1" },
  },
});
const rows = Number(values.rows);
/** Queries that exact search is timed on; its time grows as their number. */
const TIMED = 2000;

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const found = await work();
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return found;
}

function first({ values: all, width }: Vectors, count: number): Vectors {
  return { values: all.subarray(0, count * width), width };
}

async function main(): Promise<void> {
  console.log(`${machine()}\n${rows} names against ${rows}`);
  const all = await cities();
  const { train, validation } = placeTask(all, { train: 9000, validation: 100, test: 0 }, 1);
  const tokenizer = trainRecordTokenizer(train.records, 512);
  const preset = paper.presets["small"];
  if (!preset) throw new Error("the small preset is gone.");
  const target = { vocabulary: tokenizer.size, length: 32, padding: tokenizer.padding };
  const linker = new Linker(build(preset.options, target), tokenizer, {
    ...{ task: "linkage", paper: paper.id, options: preset.options, target, fields: ["name"] },
  });
  const epochs = Number(values.epochs);
  const recipe = { ...paper.recipe, epochs, batchSize: 128, learningRate: 2e-3 };
  await timed("training", () => trainLinker(linker, { train, validation, recipe, seed: 1 }));
  const places = Array.from({ length: rows }, (_, i) => all[i % all.length]);
  const left = places.map((city) => [city?.otherNames[0] ?? city?.name ?? ""]);
  const right = places.map((city) => [city?.name ?? ""]);
  const base = await timed("encoding the right table", () => linker.embed(right));
  const queries = await timed("encoding the left table", () => linker.embed(left));
  let recall = 0;
  const search = graphSearch({
    onRecall: (share) => {
      recall = share;
    },
  });
  await timed("linking along a graph, 10 neighbours", () =>
    linkVectors(queries, base, { kind: "1:1", search }),
  );
  console.log(`recall of the 10 nearest, on 500 names: ${(100 * recall).toFixed(1)} %`);
  const few = Math.min(TIMED, rows);
  await timed(`exact search of ${few} of them`, () =>
    exactSearch(base, first(queries, few), { k: 10 }),
  );
  await linker.release();
}

await main();
