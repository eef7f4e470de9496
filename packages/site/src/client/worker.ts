/** Where papers run: the page never waits for them. */

import type { Build, System, TaskName } from "@quire/papers";
import {
  countParameters,
  devices,
  exportOnnx,
  flops,
  setDevice,
  type Tensor,
  type Tree,
} from "@quire/tensor";
import { demonstrations, systems } from "#papers";
import { forwardPass } from "../system/forward.ts";
import type { Asked, Said } from "./worker-messages.ts";

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
      say({ type: "made" });
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

async function exportModel(): Promise<void> {
  if (!system) throw new Error("There is no model yet: run it first.");
  const { exported, files = {} } = system;
  const { inputs, outputs, metadata, samples } = exported;
  const { model } = await exportOnnx((...given: Tensor[]) => exported.run(...given), {
    ...{ inputs, outputs: Object.keys(outputs), metadata },
    ...(samples && { samples }),
  });
  say({ type: "exported", model, files: await files });
}

async function answerFile({ given }: Extract<Asked, { type: "answer" }>): Promise<void> {
  if (!system) throw new Error("There is no model yet: run it first.");
  const { answer } = await import("@quire/papers/answer");
  say({ type: "answered", figures: await answer(system, given) });
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
      return exportModel();
    case "answer":
      return answerFile(asked);
  }
}

addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  handle(data)?.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    say({ type: "failed", during: data.type, message });
  });
});
