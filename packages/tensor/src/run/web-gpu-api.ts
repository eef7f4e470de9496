/** The part of a browser's WebGPU that the runtime uses. */
export interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

/** A GPU that the browser offers. */
export interface GpuAdapter {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly info?: {
    readonly vendor: string;
    readonly architecture: string;
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(wanted: {
    readonly requiredFeatures: readonly string[];
    readonly requiredLimits: Readonly<Record<string, number>>;
  }): Promise<GpuDevice>;
}

/** An opened GPU. */
export interface GpuDevice {
  /** Settles when the browser takes the GPU away: its driver failed, or the machine went to sleep. */
  readonly lost: Promise<{ readonly message: string }>;
  readonly queue: {
    writeBuffer(to: GpuMemory, offset: number, data: ArrayBufferView): void;
    submit(commands: readonly object[]): void;
  };
  createBuffer(options: { readonly size: number; readonly usage: number }): GpuMemory;
  createCommandEncoder(): {
    copyBufferToBuffer(...copied: [GpuMemory, number, GpuMemory, number, number]): void;
    finish(): object;
  };
}

/** A piece of a GPU's memory. */
export interface GpuMemory {
  readonly size: number;
  readonly mapState: "unmapped" | "pending" | "mapped";
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

/** What `GPUBufferUsage` and `GPUMapMode` say in bits, as the standard fixes them. */
export const usage = { mapRead: 0x1, copyFrom: 0x4, copyTo: 0x8, storage: 0x80 };

/** Features that kernels make use of. */
const features = ["shader-f16", "subgroups"];

/** Limits that kernels want as high as the adapter has them. */
const limits = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
];

/** The adapter that the browser prefers, if it has WebGPU and one. */
export async function findAdapter(): Promise<GpuAdapter | undefined> {
  const { navigator } = globalThis as { navigator?: { gpu?: Gpu } };
  return (await navigator?.gpu?.requestAdapter()) ?? undefined;
}

/** Opens an adapter's device with all that it can do for the runtime. */
export function openDevice(adapter: GpuAdapter): Promise<GpuDevice> {
  return adapter.requestDevice({
    requiredFeatures: features.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(
      limits.flatMap((name) => {
        const limit = adapter.limits[name];
        return limit === undefined ? [] : [[name, limit]];
      }),
    ),
  });
}

/** A kernel binds at most eight tensors where a device is not asked for more. */
export const mostOperands = 7;
