import { countParameters } from "@quire/nn";
import type { Batches, BatchOf } from "@quire/train";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import { type Contestant, shownAfter } from "../turn.ts";
import type { IconVariety } from "./icon-batches.ts";
import type { IconLearningData } from "./icon-data.ts";
import { IconDrawer } from "./icon-system.ts";
import type { IconNetwork, IconRecipe, IconTarget } from "./icon-target.ts";
import { describeIconModel, planIconTraining, trainIconDrawer } from "./icon-training.ts";

/** A drawer of icons that takes part in a comparison. */
export interface ComparedIconDrawer {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: IconTarget) => IconNetwork;
  /** The icons as it writes them; all drawers have the same icons. */
  readonly data: IconLearningData;
  readonly variety?: Partial<IconVariety>;
  /** How it is trained where it needs another way than the others. */
  readonly recipe?: Partial<Omit<IconRecipe, "epochs">>;
}

/** What drawers are compared on. */
export interface IconComparison {
  /** The paper's id. */
  readonly paper: string;
  /** The first one's epochs are the recipe's; the others have as many as take the same time. */
  readonly systems: readonly [ComparedIconDrawer, ...ComparedIconDrawer[]];
  readonly recipe: IconRecipe;
  /** Measures a trained drawer; the loss on the icons kept apart is measured besides. */
  readonly measure: (
    system: IconDrawer,
    given: { readonly data: IconLearningData; readonly seed: number },
  ) => Promise<Readonly<Record<string, number>>>;
  /** Makes a picture of what each drawer learnt with the first seed. */
  readonly show?: (system: IconDrawer, name: string) => Promise<Figure>;
}

/** Batches that are timed, which hold icons of all lengths, and how often; of each the fastest time counts. */
const TIMED = 8;
const PASSES = 4;

/**
 * Trains every drawer with every seed, each for about as long as the first one takes, and measures `iconLoss`, `steps`
 * and what the comparison does.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export async function compareIconDrawers(
  { paper, systems, recipe, measure, show }: IconComparison,
  experiment: ComparisonContext,
): Promise<Comparison<IconDrawer>> {
  const { sharing, seeds } = experiment;
  const timed = (): Promise<number[]> => timesOf(paper, systems, recipe);
  const times = await (sharing ? sharing.agree(timed) : timed());
  const contestants = systems.map(({ name, figure, data, variety, ...own }, place) => {
    const pace = (times[0] as number) / (times[place] as number);
    const epochs = Math.max(1, Math.round(recipe.epochs * pace));
    const run: Contestant<IconDrawer>["run"] = async (seed, { signal, onProgress }) => {
      const system = drawerOf(paper, { name, data, ...own });
      const training = { ...recipe, ...own.recipe, epochs };
      let steps = 0;
      const { points, seconds } = await trainIconDrawer(system, {
        ...{ data, recipe: training, seed },
        ...(variety && { variety }),
        ...(signal && { signal }),
        onBatch: ({ share, loss }) => {
          steps += 1;
          onProgress(share, loss);
        },
      });
      signal?.throwIfAborted();
      const { iconLoss } = await system.evaluate(data.validation);
      return {
        parameters: countParameters(system.model),
        metrics: { ...(await measure(system, { data, seed })), iconLoss, steps },
        ...{ seconds, curve: { seed, points }, kept: system },
        release: () => system.release(),
      };
    };
    const contestant = { name, ...(figure !== undefined && { figure }), run };
    if (!show) return contestant;
    return shownAfter(contestant, seeds[0], async (drawer) => [await show(drawer, name)]);
  });
  return await compare(contestants, experiment);
}

function drawerOf(paper: string, { options, data, build }: ComparedIconDrawer): IconDrawer {
  const description = describeIconModel({ paper, options, data });
  return new IconDrawer(build(description.target), description);
}

/** Of each drawer, one after another. */
async function timesOf(
  paper: string,
  systems: readonly ComparedIconDrawer[],
  recipe: IconRecipe,
): Promise<number[]> {
  const times: number[] = [];
  for (const system of systems) times.push(await secondsOf(paper, system, recipe));
  return times;
}

/** Seconds in which a drawer learns from a batch, compiling left out. */
async function secondsOf(
  paper: string,
  compared: ComparedIconDrawer,
  recipe: IconRecipe,
): Promise<number> {
  const system = drawerOf(paper, compared);
  const { data, variety } = compared;
  const plan = planIconTraining(system, {
    ...{ data, seed: 0, recipe: { ...recipe, ...compared.recipe } },
    ...(variety && { variety }),
  });
  const batches = Math.min(TIMED, plan.batchesPerEpoch);
  const fastest = Array.from({ length: batches }, () => Number.POSITIVE_INFINITY);
  let [place, before] = [0, performance.now()];
  const passes = {
    epochs: PASSES,
    batches: (_epoch: number, start: number) => first(plan.batches(0, start), batches - start),
  };
  for await (const event of plan.training.run(passes)) {
    if (event.type === "epoch") continue;
    const now = performance.now();
    const own = place++ % batches;
    fastest[own] = Math.min(fastest[own] as number, now - before);
    before = now;
  }
  await Promise.all([plan.training.release(), system.release()]);
  return fastest.reduce((sum, time) => sum + time, 0) / batches / 1000;
}

async function* first<B extends BatchOf<B>>(values: Batches<B>, count: number): AsyncGenerator<B> {
  let given = 0;
  for await (const value of values) {
    if (given++ >= count) return;
    yield value;
  }
}
