/**
 * How long tables of a million rows take to read, and how much memory; and how fast tokenizers are trained. Each
 * measurement is a process of its own, so that its memory is its own.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { trainBpe, trainUnigram, trainWordPiece } from "@quire/data";
import { readTable } from "@quire/data/files";
import Papa from "papaparse";
import { machine } from "../step/report.ts";
import { type Format, formats, makeColumns, writeFormat } from "./tables.ts";

const MEGABYTE = 1e6;
const CSV_RATE = 50;
const TRAINING_SECONDS = 60;
/** A workbook is one XML document, which its reader takes whole: a million such rows do not fit. */
const WORKBOOK_ROWS = 20_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    text: { type: "string" },
    only: { type: "string" },
    job: { type: "string" },
    file: { type: "string", default: "" },
  },
});

const trainers = {
  BPE: (text: string) => trainBpe([text], { size: 8000 }),
  WordPiece: (text: string) => trainWordPiece([text], { size: 8000 }),
  unigram: (text: string) => trainUnigram([text], { size: 8000 }),
} as const;

interface Measured {
  readonly seconds: number;
  /** Seconds of processor time, which other work on the machine does not lengthen. */
  readonly processor: number;
  readonly peakMegabytes: number;
  readonly about: string;
}

async function work(job: string, file: string): Promise<string> {
  if (job === "write") {
    const format = formats.find((each) => file.endsWith(`table.${each}`)) as Format;
    writeFileSync(file, await writeFormat(format, makeColumns(Number(values.rows))));
    return "";
  }
  if (job === "read") {
    const table = await readTable(file);
    return `${table.rows} rows; ${table.columns.map(({ kind }) => kind).join(", ")}`;
  }
  const text = readFileSync(file, "utf8");
  if (job === "library") {
    let rows = 0;
    Papa.parse(text, { step: () => rows++ });
    return `${rows} rows by the library's own streaming call`;
  }
  return `${trainers[job as keyof typeof trainers](text).size} tokens`;
}

/** Runs a job in a process of its own. */
function measure(job: string, file: string, rows = values.rows): Measured {
  const script = fileURLToPath(import.meta.url);
  const words = [
    "--max-old-space-size=12000",
    script,
    "--job",
    job,
    "--file",
    file,
    "--rows",
    rows,
  ];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as Measured;
}

function report(
  what: string,
  bytes: number,
  { seconds, processor, peakMegabytes, about }: Measured,
  met?: boolean,
): void {
  const mark = met === undefined ? "      " : (met && "met   ") || "MISSED";
  const rate = bytes / MEGABYTE / seconds;
  console.log(
    `${mark} ${what}: ${(bytes / MEGABYTE).toFixed(1)} MB in ${seconds.toFixed(2)} s, ${rate.toFixed(0)} MB/s ` +
      `(processor time ${processor.toFixed(2)} s), peak ${peakMegabytes.toFixed(0)} MB (${about})`,
  );
}

function measureTables(folder: string): void {
  for (const format of formats) {
    if (values.only !== undefined && !values.only.split(",").includes(format)) continue;
    const file = join(folder, `table.${format}`);
    measure("write", file, format === "xlsx" ? String(WORKBOOK_ROWS) : values.rows);
    const { size } = statSync(file);
    const found = measure("read", file);
    const isCsv = format.endsWith("csv");
    report(format, size, found, isCsv ? size / MEGABYTE / found.seconds >= CSV_RATE : undefined);
    if (isCsv) report("  papaparse alone", size, measure("library", file));
  }
}

function measureTrainers(folder: string): void {
  const file = values.text ?? join(folder, "text.txt");
  if (values.text === undefined) writeFileSync(file, madeText());
  for (const name of Object.keys(trainers)) {
    if (values.only !== undefined && !values.only.split(",").includes(name)) continue;
    const { size } = statSync(file);
    const found = measure(name, file);
    report(
      `${name} of 8,000 tokens`,
      size,
      found,
      (found.seconds * 1e7) / size <= TRAINING_SECONDS,
    );
  }
}

/** Ten megabytes of made words, whose frequencies fall as those of a language do. */
function madeText(): string {
  const syllables = "ka to mi re sol fa ne lu va ti chan por gru est ing er un qui ble th".split(
    " ",
  );
  const parts: string[] = [];
  let length = 0;
  let state = 1;
  const draw = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  while (length < 1e7) {
    const rank = Math.floor(60_000 ** draw());
    let word = "";
    for (let rest = rank; rest > 0; rest = Math.floor(rest / 20)) word += syllables[rest % 20];
    parts.push(word, parts.length % 40 === 38 ? ".\n" : " ");
    length += word.length + 1;
  }
  return parts.join("");
}

if (values.job !== undefined) {
  const start = performance.now();
  const before = process.cpuUsage();
  const about = await work(values.job, values.file);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const processor = (user + system) / 1e6;
  const peakMegabytes = process.resourceUsage().maxRSS / 1000;
  process.stdout.write(JSON.stringify({ seconds, processor, peakMegabytes, about }));
} else {
  console.log(machine());
  const folder = mkdtempSync(join(tmpdir(), "quire-bench-"));
  try {
    measureTables(folder);
    measureTrainers(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
