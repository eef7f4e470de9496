import { type RaspTask, rasp, raspForm } from "@quire/data";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import {
  encodeSequences,
  partSequences,
  type SequenceData,
  sequenceCoding,
} from "../tasks/sequence-data.ts";
import { SequenceLabeller } from "../tasks/sequence-system.ts";
import type { LearnedProgram } from "../tasks/sequence-target.ts";
import { describeSequenceModel, planSequenceTraining } from "../tasks/sequence-training.ts";
import { build, type Relaxation, type TransformerProgramOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Tasks that one layer learns within seconds. */
const tasks: readonly RaspTask[] = ["hist", "most-freq", "double-hist"];
const SEQUENCES = 1500;
const EPOCHS = 16;
/** Epochs between two looks at the program: to read it off takes a moment. */
const LOOK = 4;

const recipe = { ...paper.recipe, epochs: EPOCHS, batchSize: 64 };

/** A network that becomes a program while one looks on. */
export const demonstration: Demonstration = {
  title: "A transformer that becomes a program",
  summary:
    "A transformer of one layer learns to count from 1,200 sequences. Its choices are soft at first and harden as the " +
    "temperature falls; at every moment the likeliest choices are a program, which is printed here and run on a new " +
    "sequence. Below it stand the places that each head reads.",
  controls: {
    task: {
      setting: {
        kind: "choice",
        summary:
          "What is learnt: how often each token occurs, the tokens by how often, how many occur so often",
        words: tasks,
      },
      initial: "hist",
    },
    relaxation: {
      setting: {
        kind: "choice",
        summary: "How choices are softened: with Gumbel noise, with it and hardened, or without",
        words: ["gumbel", "gumbel-hard", "softmax"],
      },
      initial: "gumbel",
    },
    temperature: {
      setting: { kind: "number", summary: "The temperature at the end", from: 0.001, to: 3 },
      initial: 0.01,
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const task = values["task"] as RaspTask;
  const { data, shown } = sequencesOf(task, seed);
  const options = optionsOf(values);
  const description = describeSequenceModel({ paper: paper.id, options, data });
  const model = build(options, description.target);
  const system = new SequenceLabeller(model, description);
  onSystem?.(system);
  const plan = planSequenceTraining(system, { data, recipe, seed });
  yield* epochFrames(plan, {
    signal,
    held: [system],
    show: async (event) => {
      const step = event.epoch + 1;
      const { accuracy = 0 } = event.metrics;
      const program = step % LOOK === 0 ? await system.program() : undefined;
      const figures = program && figuresOf(program, shown);
      return { values: { loss: event.loss, accuracy }, ...(figures && { figures }) };
    },
  });
}

function optionsOf(values: DemonstrationGiven["values"]): TransformerProgramOptions {
  const { options } = paper.presets["small"] as (typeof paper.presets)[string];
  const kind = values["relaxation"] as Relaxation["kind"];
  return {
    ...options,
    relaxation: { ...options.relaxation, kind, to: Number(values["temperature"]) },
  };
}

function sequencesOf(
  task: RaspTask,
  seed: number,
): { readonly data: SequenceData; readonly shown: readonly string[] } {
  const { ends, causal } = raspForm(task);
  const all = rasp(task, { count: SEQUENCES, seed });
  const { train, apart } = partSequences(all, { share: 0.2, seed });
  const coding = sequenceCoding(all, { kind: "tagging", ends });
  const data = {
    ...{ coding, causal },
    ...{ train: encodeSequences(coding, train), validation: encodeSequences(coding, apart) },
  };
  const longest = apart.reduce((best, each) =>
    each.tokens.length > best.tokens.length ? each : best,
  );
  return { data, shown: longest.tokens };
}

/** What it says of a new sequence, the places that heads read, and the program. */
function figuresOf(program: LearnedProgram, tokens: readonly string[]): Figure[] {
  const { labels, variables, reads } = program.run(tokens);
  const given = (variables["token"] ?? []).map(String);
  const places = given.map((token, place) => `${place}: ${token}`);
  const heads = Object.entries(reads).map(([name, read]): Figure => {
    const does = program.steps.find((step) => step.name === name)?.does ?? "";
    const values = read.map((own) => places.map((_, place) => Number(own.includes(place))));
    return {
      ...{ kind: "heat", title: `What ${name} reads`, caption: `${does} Rows read columns.` },
      ...{ rows: places, columns: places, values },
    };
  });
  const said = `${tokens.join(" ")}\n${labels.join(" ")}`;
  return [
    { kind: "text", title: "A new sequence, and what the program says of it", text: said },
    ...heads,
    { kind: "text", title: "The program", text: program.typescript },
  ];
}
