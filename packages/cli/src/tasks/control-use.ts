import { delimitedText } from "@quire/data";
import {
  bootstrapInterval,
  type ControlAgent,
  type Episode,
  meanOf,
  type RecordedEpisode,
  shareInterval,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { writeWhole } from "../files.ts";
import { count } from "../numbers.ts";
import { type Option, text, whole, withDefault } from "../option.ts";
import { animationOf } from "../report/animation.ts";
import { table } from "../table.ts";
import { chosenEnvironment, environmentHelp, requireFitting } from "./control-environment.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** Episodes that a measurement plays. */
export const EPISODES = 512;
/** How many episodes are shown. */
const SHOWN = 10;

/** What a user may say of playing. */
export type PlayOptions = {
  readonly episodes: Option<number>;
  readonly out: Option<string | undefined>;
  readonly animation: Option<string | undefined>;
};

/** Plays episodes. */
export const playEpisodes: PredictSpec<ControlAgent, PlayOptions> = {
  data: { value: "ENV", summary: `Where the agent acts: ${environmentHelp}` },
  options: {
    episodes: withDefault(whole("How many episodes are played", { from: 1, to: 100_000 }), 10),
    out: text(
      "FILE",
      "A csv or json file for all episodes; json with each step's action and reward",
    ),
    animation: text("FILE", "A gif file for the first episode"),
  },
  examples: [
    "quire predict gtrxl-1 --data t-maze --episodes 20 --out episodes.csv",
    "quire predict gtrxl-1 --data t-maze:length=20 --animation episode.gif",
  ],
  run: async (system, path, { episodes, out, animation }, { console, seed }) => {
    const chosen = await chosenEnvironment(path);
    requireFitting(system.description, chosen);
    if (out !== undefined) requireEnding("out", out, ["csv", "json"]);
    if (animation !== undefined) requireEnding("animation", animation, ["gif"]);
    const environments = chosen.make;
    const played: RecordedEpisode[] = [];
    for (let place = 0; place < episodes; place++) {
      played.push(await system.record({ environments, seed: seed + place }));
    }
    const names = system.description.actions;
    const told = played.map(({ pictures: _, actions, ...rest }) => ({
      ...rest,
      actions: names ? actions.map((action) => names[action] ?? action) : actions,
    }));
    const titles = ["episode", "solved", "return", "steps"];
    const rows = played.map(({ solved, total, steps }, place) => [
      ...[String(place + 1), solved ? "yes" : "no", total.toFixed(3), String(steps)],
    ]);
    if (out?.endsWith(".json")) await writeWhole(out, `${JSON.stringify(told, null, 1)}\n`);
    else if (out !== undefined) await writeWhole(out, delimitedText(titles, rows));
    if (animation !== undefined) {
      const { pictures = [] } = played[0] ?? {};
      if (pictures.length === 0) {
        throw new UsageError(
          `${path} cannot be drawn: leave --animation out, or give it a function picture().`,
        );
      }
      await writeWhole(animation, await animationOf(pictures));
    }
    const shown = table(
      titles.map((title) => ({ title })),
      rows.slice(0, SHOWN),
    );
    const more = rows.length > SHOWN ? `\n${count(rows.length - SHOWN)} episodes more` : "";
    console.print(`${shown}${more}\n${count(solvedIn(played))} of ${count(episodes)} solved.`);
    console.result({ environment: path, episodes: told });
  },
};

function requireEnding(option: string, path: string, endings: readonly string[]): void {
  if (endings.some((ending) => path.toLowerCase().endsWith(`.${ending}`))) return;
  throw new UsageError(
    `--${option} takes a file that ends in .${endings.join(" or .")}, got "${path}".`,
  );
}

function solvedIn(episodes: readonly Episode[]): number {
  return episodes.filter(({ solved }) => solved).length;
}

/** Measures an agent in environments. */
export const evaluateAgent: EvaluateSpec<ControlAgent> = {
  data: { value: "ENV", summary: `Where the agent acts: ${environmentHelp}` },
  run: async (system, path, { seed }) => {
    const chosen = await chosenEnvironment(path);
    requireFitting(system.description, chosen);
    const episodes = await system.play({ environments: chosen.make, episodes: EPISODES, seed });
    return controlEvaluation(episodes, seed);
  },
};

/** What episodes come to, with intervals over episodes drawn again. */
export function controlEvaluation(episodes: readonly Episode[], seed: number): Evaluation {
  const over = (value: (episode: Episode) => number) => ({
    value: meanOf(episodes.map(value)),
    interval: bootstrapInterval(
      episodes.length,
      (places) => meanOf(Array.from(places, (place) => value(episodes[place] as Episode))),
      { seed },
    ),
  });
  const solved = solvedIn(episodes);
  return {
    ...{ count: episodes.length, what: "episodes" },
    metrics: [
      {
        ...{ name: "success", as: "share", better: "higher", value: solved / episodes.length },
        interval: shareInterval(solved, episodes.length),
      },
      { name: "return", as: "number", better: "higher", ...over(({ total }) => total) },
      { name: "episodeSteps", as: "number", better: "lower", ...over(({ steps }) => steps) },
    ],
  };
}
