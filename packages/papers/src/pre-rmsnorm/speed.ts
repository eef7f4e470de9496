import { countParameters } from "@quire/nn";
import { type Compiled, compile, type HostTensor, type Tensor } from "@quire/tensor";
import type {
  Budget,
  Experiment,
  ExperimentContext,
  ExperimentResult,
  Row,
  Verdict,
} from "../paper.ts";
import { meanOf, spreadOf } from "../statistics.ts";
import { NormConversion } from "./folding.ts";
import type { NormKind } from "./found-norms.ts";
import { build, type PreNormOptions } from "./model.ts";
import { shake } from "./shaken.ts";
import { drawn } from "./subjects.ts";

/** What is timed, at which widths. */
interface Plan {
  readonly widths: readonly number[];
  readonly rounds: number;
}

const plans: Readonly<Record<Budget, Plan>> = {
  full: { widths: [256, 512, 768, 1024], rounds: 15 },
  quick: { widths: [64], rounds: 3 },
};

const forms = ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"] as const satisfies NormKind[];
const text = { vocabulary: 500, length: 128 };
const BATCH = 4;
const DEPTH = 2;

/** The time of a call of the three forms, side by side. */
export const speed: Experiment<Plan> = {
  claims: ["rms-speed", "crms-speed"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(plans[budget]),
  measure,
};

/** Median milliseconds of each form, one a seed. */
interface Timed {
  readonly width: number;
  readonly parameters: number;
  readonly milliseconds: Readonly<Record<NormKind, number[]>>;
  readonly seconds: number[];
}

async function measure({
  data: { widths, rounds },
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Plan>): Promise<ExperimentResult> {
  const all: Timed[] = [];
  for (const width of widths) {
    const options: PreNormOptions = { shape: "gpt", width, depth: DEPTH, heads: width / 32 };
    const parameters = countParameters(build(options, text));
    const milliseconds = { "pre-ln": [], "pre-rmsnorm": [], "pre-crmsnorm": [] };
    const timed: Timed = { width, parameters, milliseconds, seconds: [] };
    for (const [i, seed] of seeds.entries()) {
      signal?.throwIfAborted();
      const share = (all.length + i / seeds.length) / widths.length;
      onProgress?.({ doing: `width ${width}, seed ${seed}`, share });
      const started = performance.now();
      const times = await timesOf(options, seed, rounds);
      for (const form of forms) timed.milliseconds[form].push(times[form]);
      timed.seconds.push((performance.now() - started) / 1000);
    }
    all.push(timed);
  }
  return {
    metrics: [
      { name: "milliseconds", as: "milliseconds", better: "lower" },
      { name: "ratio", as: "ratio", better: "lower" },
    ],
    rows: all.flatMap(rowsOf),
    verdicts: [
      verdictOf("rms-speed", "pre-rmsnorm", all),
      verdictOf("crms-speed", "pre-crmsnorm", all),
    ],
    figures: [
      {
        kind: "lines",
        title: "Time of a call by width, over that of Pre-LN",
        caption: `${DEPTH} blocks, ${BATCH} texts of ${text.length} tokens; medians, forms taking turns.`,
        x: { title: "width" },
        y: { title: "time over Pre-LN's" },
        series: forms.map((form) => ({
          name: form,
          points: all.map((timed) => [timed.width, meanOf(ratiosOf(timed, form))] as const),
        })),
      },
    ],
  };
}

/** Median milliseconds of each form; they take turns, so that what else the machine does falls on all of them. */
async function timesOf(
  options: PreNormOptions,
  seed: number,
  rounds: number,
): Promise<Record<NormKind, number>> {
  const model = build(options, text);
  await shake(model, seed);
  const fn = (x: Tensor): Tensor => model.network.forward(x);
  const runs = forms.map((form): [NormKind, Compiled<[Tensor], Tensor>] => {
    return [form, compile(fn, form === "pre-ln" ? {} : { transform: new NormConversion(form) })];
  });
  const x = drawn(text, seed, BATCH);
  const times: Record<NormKind, number[]> = { "pre-ln": [], "pre-rmsnorm": [], "pre-crmsnorm": [] };
  for (const [, run] of runs) await run(x);
  for (let round = 0; round < rounds; round++) {
    // Who is first changes, since a call warms the caches for the next.
    const turned = [...runs.slice(round % runs.length), ...runs.slice(0, round % runs.length)];
    for (const [form, run] of turned) times[form].push(await timeOf(run, x));
  }
  for (const [, run] of runs) await run.release();
  const median = (own: readonly number[]): number =>
    own.toSorted((a, b) => a - b)[rounds >> 1] as number;
  return {
    "pre-ln": median(times["pre-ln"]),
    "pre-rmsnorm": median(times["pre-rmsnorm"]),
    "pre-crmsnorm": median(times["pre-crmsnorm"]),
  };
}

async function timeOf(run: Compiled<[Tensor], Tensor>, x: HostTensor): Promise<number> {
  const started = performance.now();
  await run(x);
  return performance.now() - started;
}

function ratiosOf({ milliseconds }: Timed, form: NormKind): number[] {
  return milliseconds[form].map((own, i) => own / (milliseconds["pre-ln"][i] as number));
}

function rowsOf(timed: Timed): Row[] {
  return forms.map((form) => ({
    system: `width ${timed.width}: ${form}`,
    parameters: timed.parameters,
    metrics: { milliseconds: timed.milliseconds[form], ratio: ratiosOf(timed, form) },
    seconds: timed.seconds,
    curves: [],
  }));
}

function verdictOf(claim: string, form: NormKind, all: readonly Timed[]): Verdict {
  const seeds = all[0]?.seconds.map((_, i) => i) ?? [];
  const ratios = seeds.map((seed) =>
    meanOf(all.map((timed) => ratiosOf(timed, form)[seed] as number)),
  );
  const [mean, spread] = [meanOf(ratios), spreadOf(ratios)];
  const each = all.map((timed) => `${meanOf(ratiosOf(timed, form)).toFixed(3)} at ${timed.width}`);
  return {
    claim,
    holds: mean + spread < 1,
    rule: "The time over Pre-LN's, averaged over the widths, is below 1 by more than its standard deviation over the seeds.",
    found: `${mean.toFixed(3)} ± ${spread.toFixed(3)} times Pre-LN's: ${each.join(", ")}.`,
  };
}
