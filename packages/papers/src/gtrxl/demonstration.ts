import { environments } from "@quire/data";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import { ControlAgent, type RecordedEpisode } from "../tasks/control-system.ts";
import type { ControlRecipe, MakeEnvironments } from "../tasks/control-target.ts";
import { describeControlModel, planControlTraining } from "../tasks/control-training.ts";
import { pictureGrid } from "../tasks/picture-grid.ts";
import type { GateKind } from "./gates.ts";
import { build, type GtrxlOptions } from "./model.ts";
import { paper } from "./paper.ts";

const recipe: ControlRecipe = {
  ...{ algorithm: "vtrace", steps: 60_000, epochs: 20, batchSize: 32, unroll: 8, reuse: 1 },
  ...{ discount: 0.95, lambda: 0.95, entropy: 0.01, valueShare: 0.5 },
  ...{ learningRate: 1e-2, warmUp: 0, weightDecay: 0, clipNorm: 1 },
};
/** Episodes by which it is measured. */
const EPISODES = 64;
/** Pictures of an episode in one row. */
const COLUMNS = 2;

/** An agent that learns to remember a cue, by trial and error. */
export const demonstration: Demonstration = {
  title: "An agent that remembers where to turn",
  summary:
    "At the start of a corridor a lamp says whether the turn at its end is left or right; then it is dark. The agent learns " +
    "from rewards alone, and only its memory can tell it at the end: without one that reaches back so far, every other " +
    "episode fails.",
  controls: {
    corridor: {
      setting: { kind: "whole", summary: "Steps between the lamp and the turn", from: 1, to: 12 },
      initial: 4,
    },
    memory: {
      setting: { kind: "whole", summary: "Steps that each layer remembers", from: 1, to: 16 },
      initial: 8,
    },
    gate: {
      setting: {
        kind: "choice",
        summary: "How what a block makes joins the stream: by gates, or added",
        words: ["gru", "output", "highway", "addition"],
      },
      initial: "gru",
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
  const length = Number(values["corridor"]);
  const make: MakeEnvironments = (sideBySide) => environments("t-maze", { length }, sideBySide);
  const options: GtrxlOptions = {
    ...{ width: 16, depth: 1, heads: 2, memoryLength: Number(values["memory"]) },
    gate: values["gate"] as GateKind,
  };
  const spaces = make({ count: 1, seed });
  const environment = `t-maze:length=${length}`;
  const description = describeControlModel({ paper: paper.id, options, environment, spaces });
  const agent = new ControlAgent(build(options, description.target), description);
  onSystem?.(agent);
  const given = { environments: make, recipe, seed, episodes: EPISODES };
  const plan = planControlTraining(agent, given);
  yield* epochFrames(plan, {
    signal,
    held: [agent],
    show: async (event) => {
      const { success = 0, return: total = 0 } = event.metrics;
      const episode = await agent.record({ environments: make, seed: seed + event.epoch });
      const shown = { failed: 1 - success, return: total };
      const figures = episodeFigures(episode, description.actions ?? []);
      return { values: shown, figures };
    },
  });
}

/** An episode as it looked, and what was done in it. */
function episodeFigures(
  { pictures, actions, solved, total }: RecordedEpisode,
  names: readonly string[],
): Figure[] {
  const [first] = pictures;
  const done = actions.map((action) => names[action] ?? String(action)).join(", ");
  const told: Figure = {
    ...{ kind: "text", title: "What it did" },
    text: `${done}\n${solved ? "Right" : "Wrong, or too late"}: ${total.toFixed(1)} in all.`,
  };
  if (!first) return [told];
  const all = new Uint8Array(pictures.length * first.bytes.length);
  for (const [i, { bytes }] of pictures.entries()) all.set(bytes, i * first.bytes.length);
  const { images, width, height } = pictureGrid(all, { ...first, channels: 4 }, COLUMNS);
  return [
    {
      ...{ kind: "pixels", title: "An episode it has not seen", width, height },
      bytes: new Uint8ClampedArray(images),
      caption: "Row by row, from the lamp at the start to the turn.",
    },
    told,
  ];
}
