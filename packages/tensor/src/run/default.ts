import { QuireError } from "../errors.ts";
import { log } from "../log.ts";
import { type Device, type DeviceReport, deviceNames, type Platform } from "./device.ts";
import type { Runtime } from "./runtime.ts";

let forced: Device | undefined;
const opened = new Map<Device, Promise<Runtime>>();

async function platform(): Promise<Platform> {
  return (await import("#platform")).platform;
}

/**
 * The runtime that compiled functions use unless told otherwise. In Node it is the processor's, or that of the
 * device that `QUIRE_DEVICE` names; in a page it is WebGPU's where there is a real adapter, else WebAssembly's.
 */
export async function defaultRuntime(): Promise<Runtime> {
  return runtimeOn(forced ?? (await (await platform()).preferred()));
}

/**
 * Makes all functions that are compiled from now on run on a device; `"auto"` leaves the choice to the platform.
 *
 * @throws QuireError when there is no device of this name.
 */
export function setDevice(device: Device | "auto"): void {
  if (device !== "auto" && !deviceNames.includes(device)) {
    throw new QuireError(
      `setDevice: there is no device "${device as string}"; take ${deviceNames.join(", ")} or auto.`,
    );
  }
  forced = device === "auto" ? undefined : device;
}

/**
 * The runtime on a device, for the option `runtime` of `compile`.
 *
 * @throws QuireError when the device is not there, with the reason.
 */
export function runtimeOn(device: Device): Promise<Runtime> {
  const known = opened.get(device);
  if (known) return known;
  const runtime = open(device);
  opened.set(device, runtime);
  runtime.catch(() => opened.delete(device));
  return runtime;
}

async function open(device: Device): Promise<Runtime> {
  const here = await platform();
  const { available, detail } = await here.report(device);
  if (!available) {
    throw new QuireError(`The device "${device}" cannot be used here: ${detail}`);
  }
  log(() => `running on ${device}: ${detail}`);
  return here.open(device);
}

/** Looks for every device: which are there, and for the others why they are not. */
export async function devices(): Promise<DeviceReport[]> {
  const here = await platform();
  const reports: DeviceReport[] = [];
  for (const device of deviceNames) reports.push(await here.report(device));
  return reports;
}
