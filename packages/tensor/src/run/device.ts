import type { Runtime } from "./runtime.ts";

/** Where models run: the processor (natively in Node, WebAssembly in a page) or a GPU. */
export type Device = "cpu" | "webgpu" | "cuda";

/** Every device there may be, the one that is always there first. */
export const deviceNames: readonly Device[] = ["cpu", "webgpu", "cuda"];

/** What is known of a device here. */
export interface DeviceReport {
  readonly device: Device;
  readonly available: boolean;
  /** What it runs on, or why it is not there and what to do. */
  readonly detail: string;
}

/** What Node and a page each know of their devices. */
export interface Platform {
  /** The device to use where the program names none. */
  preferred(): Promise<Device>;
  /** Looks for a device. */
  report(device: Device): Promise<DeviceReport>;
  /** The runtime on a device that is there. */
  open(device: Device): Promise<Runtime>;
}
