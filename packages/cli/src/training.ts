import { join } from "node:path";
import { countParameters, type Module } from "@quire/nn";
import type { CurvePoint, Paper, ShownMetric, TrainingPlan } from "@quire/papers";
import { type BatchOf, isFrozen, type SafetensorsContent } from "@quire/train";
import {
  machineMemory,
  type Recorded,
  type RecordingRole,
  type ResumeOptions,
  recordTraining,
} from "@quire/train/node";
import type { Context } from "./command.ts";
import type { Console } from "./console.ts";
import { writeWhole } from "./files.ts";
import { machine, versions } from "./machine.ts";
import { metricText, spaced } from "./metric-text.ts";
import { count, duration } from "./numbers.ts";
import type { Placement } from "./placement.ts";
import { runReport } from "./report/run-report.ts";
import { runFiles, type TrainingConfig } from "./run-folder.ts";
import { exportSystem, saveWeights } from "./saving.ts";
import type { BegunTraining } from "./tasks/task.ts";
import { trainingProgress } from "./training-progress.ts";

/** A training as the command runs it. */
export interface RunningTraining {
  readonly begun: BegunTraining;
  readonly config: TrainingConfig;
  readonly paper: Pick<Paper, "id">;
  /** GiB that a step may take; what the machine has unless said. */
  readonly memory: number | undefined;
  /** How processes share the training; the first one shows and writes what comes of it. */
  readonly placement?: Placement | undefined;
  /** The system in one piece, for what comes after a training that processes divided. */
  readonly undivided?: () => Promise<BegunTraining>;
  /** Set where it goes on from a checkpoint. */
  readonly resumed?: ResumeOptions;
  /** The call that goes on with it once it was stopped; `quire train --resume` unless said. */
  readonly goOn?: (folder: string) => string;
}

/** How a training went. */
interface Recording {
  readonly recorded: Recorded;
  readonly metrics: readonly ShownMetric[];
  readonly epochs: number;
  /** The whole state at the end, put together from the processes that divided it. */
  readonly last?: SafetensorsContent;
}

/** How a training went, and what its weights give. */
interface Trained extends Recording {
  /** The epoch whose weights the run ends with, from 1, and what was measured then. */
  readonly chosen: CurvePoint | undefined;
}

/** Trains into a run's folder, shows how far it is, and leaves weights, ONNX file and report there. */
export async function trainInto(
  folder: string,
  running: RunningTraining,
  context: Context,
): Promise<void> {
  const { begun, config, paper } = running;
  const parameters = countParameters(begun.system.model);
  const { epochs, batchSize, learningRate } = config.recipe;
  const all = allParameters(begun.system.model);
  const changed = parameters === all ? "" : `, ${count(parameters)} of them trained`;
  context.console.note(
    `${paper.id}, ${config.preset}: ${count(all)} parameters${changed}. ` +
      `${begun.facts.map(([what, value]) => `${what}: ${value}`).join("; ")}. ` +
      `${count(epochs)} ${epochs === 1 ? "epoch" : "epochs"}, batches of ${batchSize}, ` +
      `learning rate ${learningRate}${sharingText(running)}; ${running.resumed ? "going on in" : "into"} ${folder}.`,
  );
  const trained = await begun.withPlan((plan) => record(folder, plan, running, context));
  if (isFollower(running)) return;
  const whole = trained.last ? await running.undivided?.() : undefined;
  const ended = { ...running, begun: whole ?? begun };
  const chosen = await ended.begun.withPlan((plan) => chooseWeights(plan, trained, config.weights));
  await finish(folder, ended, { ...trained, chosen }, context.console);
}

/** How many numbers a model has, those too that stay as they are. */
function allParameters(model: Module): number {
  return model
    .namedState()
    .filter(([, variable]) => variable.trainable || isFrozen(variable))
    .reduce((total, [, { shape }]) => total + shape.reduce((size, side) => size * side, 1), 0);
}

function sharingText({ placement }: RunningTraining): string {
  if (!placement) return "";
  const { world, division } = placement;
  const parts = division ? `, ${division.group.size} of which divide the model` : "";
  return `, shared by ${world.size} processes${parts}`;
}

function roleOf(running: RunningTraining): RecordingRole {
  const { placement } = running;
  const together = placement?.division && placement.world;
  return { isFollower: isFollower(running), ...(together && { together }) };
}

/** Whether another process shows and writes what comes of the training. */
function isFollower({ placement }: RunningTraining): boolean {
  return placement !== undefined && placement.world.rank > 0;
}

async function record<B extends BatchOf<B>>(
  folder: string,
  plan: TrainingPlan<B>,
  running: RunningTraining,
  { console, interruptible }: Context,
): Promise<Recording> {
  const { config, memory, resumed, placement } = running;
  const { training, epochs, batches, evaluate, metrics } = plan;
  const [{ name: metric, better }] = metrics;
  const progress = trainingProgress(console, plan);
  const memoryLimit = memory === undefined ? machineMemory() : memory * 2 ** 30;
  const recorded = await recordTraining(training, {
    run: { epochs, batches, evaluate, memoryLimit },
    ...{ folder, schedule: plan.schedule, among: roleOf(running) },
    // Processes that stopped after different steps would wait for each other.
    ...(placement === undefined && { signal: interruptible() }),
    checkpoints: {
      ...{ keep: config.keep, best: { metric, better } },
      ...(config.saveEvery !== undefined && { seconds: config.saveEvery }),
    },
    ...(resumed && { resume: resumed }),
    onEvent: progress.show,
  }).finally(progress.finish);
  const last = placement?.division && (await training.checkpoint());
  await training.release();
  return { recorded, metrics, epochs, ...(last && { last }) };
}

/** Gives the model the weights that the run ends with: those that the best epoch was measured with, or the last. */
async function chooseWeights<B extends BatchOf<B>>(
  { training, average, complete }: TrainingPlan<B>,
  { recorded: { points, best }, last }: Recording,
  weights: TrainingConfig["weights"],
): Promise<CurvePoint | undefined> {
  const content = weights === "best" && best ? best.content : last;
  if (content) await training.resume(content);
  // Evaluations measured the averages, so the run keeps them.
  if (average && points.length > 0 && (await average.hasBegun())) await average.swap();
  await complete();
  return weights === "best" && best
    ? points.find(({ epoch }) => epoch === best.epoch)
    : points.at(-1);
}

async function finish(
  folder: string,
  { begun, config, paper, goOn = (run) => `quire train --resume ${run}` }: RunningTraining,
  trained: Trained,
  console: Console,
): Promise<void> {
  const { recorded, metrics, chosen, epochs } = trained;
  const { points, stopped, seconds } = recorded;
  const { system } = begun;
  await saveWeights(folder, system);
  await exportSystem(join(folder, runFiles.onnx), system);
  const parameters = allParameters(system.model);
  const measured = metrics.flatMap(({ name, as }) => {
    const value = chosen?.values[name];
    return value === undefined ? [] : [[spaced(name), metricText(value, as)] as const];
  });
  const done = `${points.length}${points.length < epochs ? ` of ${epochs}` : ""}`;
  const facts = [
    ["system", `${paper.id}, ${config.preset}`],
    ["parameters", count(parameters)],
    ...begun.facts,
    ["epochs", stopped ? `${done}, stopped` : done],
    ["weights", chosen ? `of epoch ${chosen.epoch}` : "of before the first epoch's end"],
    ["time", duration(seconds)],
    ...measured,
  ] as const;
  const { processor, cores, memoryGiB, system: platform } = machine();
  const origin = [
    ["processor", `${processor}, ${cores} cores, ${memoryGiB} GiB`],
    ["system", platform],
    ...Object.entries(versions()),
  ] as [string, string][];
  const sections = await begun.report();
  const title = `${paper.id}: ${folder}`;
  const report = await runReport({ title, facts, points, metrics, sections, origin });
  await writeWhole(join(folder, runFiles.report), report);
  await system.release();
  const next = stopped ? goOn(folder) : `quire ${begun.next(folder)}`;
  console.print(`${endText(folder, trained, measured)}\nNext: ${next}`);
  console.result({
    ...{ run: folder, parameters, epochs: points.length, stopped, seconds },
    ...{ epoch: chosen?.epoch, metrics: chosen?.values ?? {} },
    facts: Object.fromEntries(begun.facts),
  });
}

function endText(
  folder: string,
  { recorded: { stopped, points, seconds }, chosen, epochs }: Trained,
  measured: readonly (readonly [name: string, text: string])[],
): string {
  const state = stopped ? `Stopped in epoch ${points.length + 1} of ${epochs}` : "Trained";
  const of = chosen && chosen.epoch < points.length ? ` (epoch ${chosen.epoch}, the best)` : "";
  const values = measured.map(([name, text]) => `${name} ${text}`).join(", ");
  return [
    `${state}: ${values === "" ? "nothing measured yet" : values}${of}, after ${duration(seconds)}.`,
    `Wrote ${Object.values(runFiles).join(", ")} to ${folder}.`,
  ].join("\n");
}
