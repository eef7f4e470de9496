import {
  type AgentNetwork,
  ControlAgent,
  type ControlModelDescription,
  type ControlRecipe,
  controlSettings,
  describeControlModel,
  planControlTraining,
  type UnrollBatch,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { text, type Values, whole } from "../option.ts";
import { controlSections, episodeFiles } from "../report/control-sections.ts";
import {
  type ChosenEnvironment,
  chosenEnvironment,
  environmentHelp,
} from "./control-environment.ts";
import {
  controlEvaluation,
  EPISODES,
  evaluateAgent,
  type PlayOptions,
  playEpisodes,
} from "./control-use.ts";
import { task } from "./task.ts";

const options = {
  env: text("ENV", `Where the agent acts, the same as --data: ${environmentHelp}`),
  corridor: whole("Steps of a T-maze's corridor, the same as t-maze:length=N", {
    from: 1,
    to: 10_000,
  }),
};

type Given = Values<typeof options>;

/** So many steps show between which values an agent's inputs stand. */
const EXAMPLES = 100;

/** Observations in, actions out, and a reward. */
export const control = task<
  typeof options,
  ChosenEnvironment,
  ControlAgent,
  UnrollBatch,
  PlayOptions
>({
  name: "control",
  title: "control by reinforcement learning",
  data: { value: "ENV", summary: `Where the agent acts: ${environmentHelp}`, instead: "env" },
  options,
  recipe: controlSettings,
  examples: [
    "quire train gtrxl --env t-maze --corridor 20",
    "quire train gtrxl --env memory-maze:size=5 --algorithm ppo --reuse 4 --steps 2000000",
    "quire train gtrxl --env ./mine.js",
  ],
  read: (path, given) => chosenEnvironment(environmentText(path, given)),
  fingerprint: ({ fingerprint }) => fingerprint,
  presetFor: ({ presets }) => Object.keys(presets)[0] ?? "",
  recipeFor: ({ recipe }) => recipe as ControlRecipe,
  begin: ({ paper, build, preset, settings, data, recipe, extras, seed }) => {
    const { text: environment, spaces, make, reach = 0 } = data;
    const what = { paper: paper.id, preset, options: settings, environment, spaces };
    const description = describeControlModel(what);
    const model = build(settings, description.target) as AgentNetwork;
    const system: ControlAgent = new ControlAgent(model, description, {
      files: () => episodeFiles(system, make),
    });
    const { observation, actions } = description.target;
    const { reach: seen = reach } = model;
    const { algorithm, steps, unroll: length, reuse } = recipe as ControlRecipe;
    const plan = planControlTraining(system, {
      ...{ environments: make, recipe: recipe as ControlRecipe, extras, seed },
    });
    const again = reuse === 1 ? "" : `, each used ${reuse} times`;
    return {
      ...{ system, plan },
      facts: [
        ["environment", `${environment}, ${observation} numbers seen, ${actions} actions`],
        ["learning", `${algorithm}, ${count(steps)} steps, unrolls of ${length}${again}`],
        ...(reach > seen ? [["memory", shortText(seen, reach)] as const] : []),
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const model = build(description.options, description.target) as AgentNetwork;
    return new ControlAgent(model, description as ControlModelDescription, { compile });
  },
  measure: async (system, { make }, seed) => {
    const episodes = await system.play({ environments: make, episodes: EPISODES, seed });
    return controlEvaluation(episodes, seed);
  },
  inputs: (system, { make }) => system.inputs(make, EXAMPLES),
  report: (system, { make }) => controlSections(system, make),
  predict: playEpisodes,
  evaluate: evaluateAgent,
});

/** Says of a memory that it cannot reach back to what is to be remembered. */
function shortText(memory: number, reach: number): string {
  return `${count(memory)} steps back, too few for what stands ${count(reach)} back: give it a longer --memory-length`;
}

function environmentText(path: string, { env, corridor }: Given): string {
  if (path !== "" && env !== undefined) {
    throw new UsageError("--env and --data both name the environment: give one of the two.");
  }
  const named = env ?? path;
  if (corridor === undefined) return named;
  if (named === "t-maze") return `t-maze:length=${corridor}`;
  throw new UsageError(`--corridor is of t-maze alone, got ${named}: leave it out.`);
}
