import type { Device, DeviceReport, Platform } from "./device.ts";
import type { Runtime } from "./runtime.ts";
import { webGpuRuntime } from "./web-gpu.ts";
import { findAdapter } from "./web-gpu-api.ts";
import { loadSession, PageBuffer } from "./web-session.ts";

/** More threads than this gain little, and a page shares the machine. */
const MOST_THREADS = 8;

interface Page {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number; readonly gpu?: object };
}

/** Threads share memory, which browsers allow only to pages that are isolated from other origins. */
function threads(): number {
  const { crossOriginIsolated, navigator } = globalThis as Page;
  return crossOriginIsolated ? Math.min(navigator?.hardwareConcurrency ?? 1, MOST_THREADS) : 1;
}

/** ONNX Runtime in a page, on the processor. */
async function webAssemblyRuntime(): Promise<Runtime> {
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = threads();
  ort.env.logLevel = "error";
  return {
    name: "web, WebAssembly",
    allocate: (type, data) => new PageBuffer(type, data),
    allocateState: (type, data) => new PageBuffer(type, data),
    load: (model, signature) =>
      loadSession(model, signature, { ort, provider: "wasm", onGpu: false }),
  };
}

async function report(device: Device): Promise<DeviceReport> {
  if (device === "cuda") return { device, available: false, detail: "a page has no CUDA." };
  if (device === "cpu") {
    const { crossOriginIsolated } = globalThis as Page;
    const why = crossOriginIsolated ? "" : ", because the page is not cross-origin isolated";
    const count = threads();
    const detail = `WebAssembly, ${count} ${count === 1 ? "thread" : "threads"}${why}`;
    return { device, available: true, detail };
  }
  const adapter = await findAdapter();
  if (adapter) {
    const { vendor = "unknown", architecture = "", isFallbackAdapter } = adapter.info ?? {};
    const kind = isFallbackAdapter ? ", a software adapter" : "";
    return { device, available: true, detail: `WebGPU, ${vendor} ${architecture}${kind}` };
  }
  const hasApi = (globalThis as Page).navigator?.gpu !== undefined;
  const missing = hasApi
    ? "the browser found no adapter for WebGPU; look whether its GPU acceleration is on."
    : "the browser has no WebGPU here; it may be too old, or the page not served over https.";
  return { device, available: false, detail: `${missing} Use cpu instead.` };
}

/** The devices of a page: WebAssembly always, WebGPU where the browser has an adapter. */
export const platform: Platform = {
  preferred: async () => {
    const adapter = await findAdapter();
    return adapter && !adapter.info?.isFallbackAdapter ? "webgpu" : "cpu";
  },
  report,
  open: (device) => (device === "webgpu" ? webGpuRuntime() : webAssemblyRuntime()),
};
