import type { ControlAgent, MakeEnvironments, RecordedEpisode } from "@quire/papers";
import { shareInterval } from "@quire/papers";
import { count, percent } from "../numbers.ts";
import { animationImage, animationOf } from "./animation.ts";
import { htmlTable, type Section } from "./html.ts";

/** Episodes that a report measures. */
const EPISODES = 256;
/** Actions that are written out of a recorded episode. */
const SHOWN = 60;

/** The seed of the episode that is kept beside a run. */
const RECORDED = 1;

/** The animation that is kept beside a run; none where environments cannot be drawn. */
export async function episodeFiles(
  system: ControlAgent,
  environments: MakeEnvironments,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const { pictures } = await system.record({ environments, seed: RECORDED });
  return pictures.length === 0 ? {} : { "episode.gif": await animationOf(pictures) };
}

/** What a report shows of an agent: episodes that it played at the end, and one of them as an animation. */
export async function controlSections(
  system: ControlAgent,
  environments: MakeEnvironments,
): Promise<Section[]> {
  const evaluation = await system.evaluate({ environments, episodes: EPISODES, seed: RECORDED });
  const { episodes, success, return: total, steps } = evaluation;
  const solved = episodes.filter((episode) => episode.solved).length;
  const interval = shareInterval(solved, episodes.length).map(percent).join(" to ");
  const rows = [
    ["episodes", count(episodes.length)],
    ["solved", `${percent(success)} (${interval})`],
    ["mean return", total.toFixed(3)],
    ["mean steps", steps.toFixed(1)],
  ];
  const recorded = await system.record({ environments, seed: RECORDED });
  return [
    { title: "Episodes after the training", body: htmlTable([{ title: "" }, { title: "" }], rows) },
    { title: "An episode", body: await episodeBody(system, recorded) },
  ];
}

async function episodeBody(system: ControlAgent, episode: RecordedEpisode): Promise<string> {
  const names = system.description.actions ?? [];
  const taken = episode.actions.slice(0, SHOWN).map((action) => names[action] ?? String(action));
  const more = episode.steps > SHOWN ? ", ..." : "";
  const facts = [
    ["solved", episode.solved ? "yes" : "no"],
    ["return", episode.total.toFixed(3)],
    ["steps", count(episode.steps)],
    ["actions", taken.join(", ") + more],
  ];
  const shown = htmlTable([{ title: "" }, { title: "" }], facts);
  if (episode.pictures.length === 0) return shown;
  const gif = await animationOf(episode.pictures);
  return `${animationImage(gif, "an episode, step by step")}\n${shown}`;
}
