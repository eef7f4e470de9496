import { type LearnedProgram, type ProgramRun, SequenceLabeller } from "@quire/papers";
import { command } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { writeWhole } from "../files.ts";
import { count } from "../numbers.ts";
import { choice, text, withDefault } from "../option.ts";
import { openRun } from "../run-folder.ts";
import { table } from "../table.ts";

const options = {
  input: text("TOKENS", "Runs the program on these tokens, parted by spaces"),
  show: withDefault(
    choice("What is printed: the program, what its steps do, or both", [
      "program",
      "steps",
      "both",
    ]),
    "both",
  ),
  language: withDefault(
    choice("The program's language", ["typescript", "javascript"]),
    "typescript",
  ),
  out: text("FILE", "A file for the program, which is then not printed"),
};

/** Prints the program that a run learnt, says which head does what, and runs it. */
export const programCommand = command({
  name: "program",
  summary: "Print the program that a run learnt, say which head does what, and run it",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options,
  examples: [
    "quire program transformer-programs-1",
    'quire program transformer-programs-1 --show steps --input "3 1 2 0"',
    "quire program transformer-programs-1 --out sort.ts",
  ],
  run: async ([name = ""], { input, show, language, out }, { console }) => {
    const { folder, system } = await openRun(name);
    const program = system instanceof SequenceLabeller ? await system.program() : undefined;
    if (!(system instanceof SequenceLabeller) || !program) {
      throw new UsageError(`run "${folder}" is no program: give a run of transformer-programs.`);
    }
    const run = input === undefined ? undefined : runOn(system, program, input);
    const written = program[language];
    if (out !== undefined) {
      await writeWhole(out, written);
      console.note(`${count(written.split("\n").length - 1)} lines are in ${out}.`);
    } else if (show !== "steps") console.print(written);
    if (show !== "program") console.print(stepTable(program, run));
    if (run && input !== undefined) printLabels(run, wordsOf(input), console);
    console.result({
      ...(out === undefined ? { program: written } : { file: out }),
      ...{ steps: program.steps, ...run },
    });
    await system.release();
  },
});

function wordsOf(input: string): string[] {
  return input.trim().split(/\s+/);
}

/** Runs the printed program; what the network would refuse is refused. */
function runOn(system: SequenceLabeller, program: LearnedProgram, input: string): ProgramRun {
  const tokens = wordsOf(input);
  system.requireKnown([tokens]);
  return program.run(tokens);
}

/** What each step does; and of a run what it gave at each place. */
function stepTable({ steps }: LearnedProgram, run: ProgramRun | undefined): string {
  const titles = ["step", "kind", ...(run ? ["gives, place by place"] : []), "does"];
  const rows = steps.map(({ name, kind, does }) => [
    ...[name, kind],
    ...(run ? [(run.variables[name] ?? []).join(" ")] : []),
    does,
  ]);
  return table(
    titles.map((title) => ({ title })),
    rows,
  );
}

function printLabels({ labels }: ProgramRun, tokens: readonly string[], console: Console): void {
  const isOne = labels.length === 1 && tokens.length > 1;
  const rows = isOne
    ? [[tokens.join(" "), labels[0] as string]]
    : tokens.map((token, i) => [token, labels[i] ?? ""]);
  console.print("");
  console.print(table([{ title: isOne ? "sequence" : "token" }, { title: "label" }], rows));
}
