import type { LearnedProgram, ProgramRun } from "../tasks/sequence-target.ts";
import { describeStep } from "./describe-step.ts";
import { printProgram } from "./print-program.ts";
import type { Program } from "./program.ts";

const kinds = {
  copy: "categorical head",
  sum: "numerical head",
  table: "categorical module",
  regions: "numerical module",
} as const;

/** A program as text, and ready to run. */
export function learnedProgram(program: Program): LearnedProgram {
  const javascript = printProgram(program, "javascript");
  const body = javascript.replace(/^export /gm, "");
  // The text is what is run: what people read and what answers are one and the same.
  const make = new Function(`"use strict";\n${body}\nreturn trace;`) as () => Trace;
  const trace = make();
  return {
    ...{ typescript: printProgram(program, "typescript"), javascript },
    steps: program.steps.map((step) => ({
      ...{ name: step.name, kind: kinds[step.kind], does: describeStep(program, step) },
    })),
    run: (tokens) => trace(tokens),
  };
}

type Trace = (tokens: readonly string[]) => ProgramRun;
