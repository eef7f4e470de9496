/** Where papers run: the page never waits for them. */

import type { Build, FileAnswer, System, SystemFiles, TaskName } from "@quire/papers";
import type { Given } from "@quire/papers/task-answer";
import {
  countParameters,
  devices,
  exportOnnx,
  flops,
  setDevice,
  type Tensor,
  type Tree,
} from "@quire/tensor";
import { demonstrations, methods, systems } from "#papers";
import { forwardPass } from "../system/forward.ts";
import type { Asked, Said } from "./worker-messages.ts";

const NO_MODEL = "There is no model yet: train it first.";

let running = new AbortController();
let system: System | undefined;

function say(said: Said): void {
  postMessage(said);
}

async function tellDevices(): Promise<void> {
  const reports = (await devices()).filter(({ device }) => device !== "cuda");
  const gpu = reports.find(({ device }) => device === "webgpu");
  const isReal = gpu?.available === true && !gpu.detail.includes("software");
  say({ type: "devices", reports, preferred: isReal ? "webgpu" : "cpu" });
}

async function count({ paper: id, task }: Extract<Asked, { type: "count" }>): Promise<void> {
  const load = systems[id];
  if (!load) return;
  const [{ paper }, { build }] = await load();
  for (const [name, { options, target }] of Object.entries(paper.presets)) {
    const model = build(options, target);
    const parameters = countParameters(model.parameters());
    const counted = task === "method" ? {} : { flops: flopsOf(task, model, target) };
    say({ type: "counted", preset: { name, parameters, ...counted } });
  }
}

function flopsOf(task: TaskName, model: ReturnType<Build<object, object>>, target: object): number {
  const { run: pass, input } = forwardPass(task, model, target);
  return flops((given: Tree<Tensor>) => pass(given), input);
}

async function run(asked: Extract<Asked, { type: "run" }>): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const { values, seed } = asked;
  setDevice(asked.device);
  await system?.release();
  system = undefined;
  const { demonstration } = (await demonstrations[asked.paper]?.()) ?? {};
  const given = {
    ...{ values, seed, signal },
    onSystem: (made: System) => {
      system = made;
      void tellSystem(made);
    },
  };
  for await (const frame of demonstration?.run(given) ?? []) {
    if (signal.aborted) break;
    say({ type: "frame", frame });
    // Lets messages in between two steps.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const addresses = performance.getEntriesByType("resource").map(({ name }) => name);
  if (signal === running.signal) {
    say({ type: "ended", isStopped: signal.aborted, addresses: [location.href, ...addresses] });
  }
}

async function exportFiles({ what, paper }: Extract<Asked, { type: "export" }>): Promise<void> {
  if (!system) throw new Error(NO_MODEL);
  const of = what === "model" ? modelFiles : exampleFile;
  say({ type: "exported", files: await of(system, paper) });
}

/** The model as a file, and the files that belong to it. */
async function modelFiles({ exported, files = {} }: System, paper: string): Promise<SystemFiles> {
  const { inputs, outputs, metadata, samples } = exported;
  const { model } = await exportOnnx((...given: Tensor[]) => exported.run(...given), {
    ...{ inputs, outputs: Object.keys(outputs), metadata },
    ...(samples && { samples }),
  });
  const beside = Object.entries(await files).map(([name, file]) => [`${paper}-${name}`, file]);
  return { [`${paper}.onnx`]: model, ...Object.fromEntries(beside) };
}

/** What the model makes of random inputs here: its file makes the same of them anywhere. */
async function exampleFile({ exported }: System, paper: string): Promise<SystemFiles> {
  const { exampleOf, exampleText } = await import("@quire/papers/exported");
  return { [`${paper}-example.json`]: exampleText(await exampleOf(exported, 1)) };
}

async function answerFile(asked: Extract<Asked, { type: "answer" }>): Promise<void> {
  const { by, given, paper } = asked;
  const found = by === "system" ? await ofSystem(given) : await ofMethod(paper, given);
  say({ type: "answered", by, ...found });
}

async function ofSystem(given: Given): Promise<FileAnswer> {
  if (!system) throw new Error(NO_MODEL);
  const { answer } = await import("@quire/papers/answer");
  return { figures: await answer(system, given), files: {} };
}

async function ofMethod(paper: string, given: Given): Promise<FileAnswer> {
  const { method } = (await methods[paper]?.()) ?? {};
  const onFile = method?.onFile;
  if (typeof onFile !== "object" || given.kind !== "file") throw new Error("It takes no files.");
  return await onFile.answer(given);
}

/** Says that there is a system, and what can be asked of it. */
async function tellSystem(made: System): Promise<void> {
  const { wantedBy } = await import("@quire/papers/answer");
  if (system === made) say({ type: "made", wanted: wantedBy(made) });
}

function handle(asked: Asked): Promise<void> | undefined {
  switch (asked.type) {
    case "devices":
      return tellDevices();
    case "count":
      return count(asked);
    case "run":
      return run(asked);
    case "stop":
      running.abort();
      return undefined;
    case "export":
      return exportFiles(asked);
    case "answer":
      return answerFile(asked);
  }
}

addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  handle(data)?.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const by = data.type === "answer" && { by: data.by };
    say({ type: "failed", during: data.type, ...by, message });
  });
});
