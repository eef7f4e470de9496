import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { findChromium, withPage } from "./chromium.ts";

/** Calls a method of the suite where it runs. */
export type Ask = <T>(method: string, ...given: readonly unknown[]) => Promise<T>;

/** A place that the suite runs in. */
export interface Backend {
  readonly name: string;
  readonly device: "cpu" | "webgpu";
  /** Opens the place anew for each use. */
  use<T>(task: (ask: Ask) => Promise<T>): Promise<T>;
}

/** A place that is not here, and why. */
export interface Absent {
  readonly name: string;
  readonly why: string;
}

/** What the suite says of a device. */
interface DeviceReport {
  readonly device: string;
  readonly available: boolean;
  readonly detail: string;
}

/** Paths of the bundles. */
export interface Bundles {
  readonly page: string;
  readonly node: string;
}

/** All places that there are, the processor in Node first, and those that are not. */
export async function findBackends(
  bundles: Bundles,
  isShort: boolean,
): Promise<{ backends: Backend[]; absent: Absent[] }> {
  const chromium = findChromium();
  const backends = [inNode("Node, processor", "cpu", bundles.node, {})];
  const absent: Absent[] = [];
  if (!isShort) await addGpu(bundles, chromium, backends, absent);
  if (chromium) {
    backends.push(inPage("page, WebAssembly", "cpu", bundles.page, chromium));
    backends.push(inPage("page, WebGPU", "webgpu", bundles.page, chromium));
  } else {
    const why = "there is no Chromium (Debian: chromium); QUIRE_CHROMIUM may name one.";
    absent.push({ name: "page, WebAssembly", why }, { name: "page, WebGPU", why });
  }
  return { backends, absent };
}

async function addGpu(
  bundles: Bundles,
  chromium: string | undefined,
  backends: Backend[],
  absent: Absent[],
): Promise<void> {
  const drivers = [{}, softwareVulkan(chromium)];
  const gpus = drivers.map((environment) =>
    inNode("Node, WebGPU", "webgpu", bundles.node, environment),
  );
  const reasons = await Promise.all(gpus.map(absence));
  const found = gpus.find((_, i) => reasons[i] === undefined);
  if (found) backends.push(found);
  else absent.push({ name: "Node, WebGPU", why: reasons[0] ?? "" });
}

async function absence({ device, use }: Backend): Promise<string | undefined> {
  const reports = await use((ask) => ask<DeviceReport[]>("devices"));
  const report = reports.find((candidate) => candidate.device === device);
  return report?.available ? undefined : report?.detail;
}

/** Chromium brings a Vulkan driver that computes on the processor; Node can use it where it has no other. */
function softwareVulkan(chromium: string | undefined): Record<string, string> {
  const folder = join(dirname(chromium ?? ""), "../lib/chromium");
  const driver = join(folder, "vk_swiftshader_icd.json");
  return existsSync(driver) ? { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: driver } : {};
}

function inNode(
  name: string,
  device: Backend["device"],
  bundle: string,
  environment: Readonly<Record<string, string>>,
): Backend {
  const use: Backend["use"] = async (task) => {
    const child = fork(bundle, { env: { ...process.env, ...environment }, silent: true });
    const ended = new Promise<never>((_, reject) => {
      child.once("exit", (code, signal) => reject(new Error(`it ended: ${signal ?? code}`)));
    });
    ended.catch(() => undefined);
    const ask: Ask = (method, ...given) => {
      const answer = new Promise<never>((resolve, reject) => {
        child.once("message", (message: { result?: never; error?: string }) => {
          if (message.error === undefined) resolve(message.result as never);
          else reject(new Error(message.error));
        });
      });
      child.send({ method, given });
      return Promise.race([answer, ended]);
    };
    try {
      return await task(ask);
    } finally {
      child.kill();
    }
  };
  return { name, device, use };
}

function inPage(
  name: string,
  device: Backend["device"],
  folder: string,
  chromium: string,
): Backend {
  const options = { folder, entry: "conformance.js", isolated: true };
  return {
    name,
    device,
    use: (task) => withPage(chromium, options, (page) => task((...call) => asked(page, call))),
  };
}

/** Calls one of the functions that a page offers, by its name, for the page's code is not ours to type here. */
export function asked<T>(
  page: Page,
  [method, ...given]: readonly [string, ...unknown[]],
): Promise<T> {
  const call = ([name, values]: readonly [string, readonly unknown[]]): Promise<T> => {
    const { suite } = globalThis as unknown as {
      suite: Record<string, (...values: readonly unknown[]) => Promise<T>>;
    };
    return (suite[name] as (...values: readonly unknown[]) => Promise<T>)(...values);
  };
  return page.evaluate(call, [method, given] as const) as Promise<T>;
}
