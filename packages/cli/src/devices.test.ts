import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { DeviceReport } from "@quire/tensor";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quire-devices-"));
/** No Vulkan driver, so that no machine has a GPU for WebGPU. */
const noDriver = { VK_ICD_FILENAMES: join(folder, "none.json"), VK_DRIVER_FILES: "" };
/** The driver that Chromium brings, which computes on the processor. */
const software = join("/usr/lib/chromium", "vk_swiftshader_icd.json");
const words = ["train", "cct", "--data", "pictures", "--epochs", "1", "--size", "16", "--quiet"];

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command in the test's folder; lines of GPU drivers are left out of what it says. */
async function run(
  given: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const env = { ...process.env, QUIRE_DEVICE: "", ...environment };
  const call = [join(root, "packages/cli/bin/quire.js"), ...given];
  const { exit, stdout, stderr } = await promisify(execFile)("node", call, { cwd: folder, env })
    .then((ended) => ({ exit: 0, ...ended }))
    .catch((error: { code: number; stdout: string; stderr: string }) => {
      return { exit: error.code, ...error };
    });
  const own = stderr
    .split("\n")
    .filter((line) => line.startsWith("The device ") || /QUIRE|--device/.test(line));
  return { exit, out: stdout, err: own.join("\n") };
}

async function reported(environment: Readonly<Record<string, string>>): Promise<DeviceReport[]> {
  const { out } = await run(["doctor", "--json"], environment);
  return (JSON.parse(out) as { devices: DeviceReport[] }).devices;
}

beforeAll(async () => {
  spawnSync("node", [join(root, "node_modules/typescript/bin/tsc"), "-b"], { cwd: root });
  for (const [place, red] of [30, 220].entries()) {
    const own = join(folder, "pictures", `class-${place}`);
    mkdirSync(own, { recursive: true });
    for (let i = 0; i < 4; i++) {
      const background = { r: red, g: 20 * i, b: 90 };
      await sharp({ create: { width: 16, height: 16, channels: 3, background } })
        .png()
        .toFile(join(own, `${i}.png`));
    }
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a device that is asked for, by option or by variable,", () => {
  test("and is not there is told with doctor's reason, and nothing is made", async () => {
    const absent = (await reported(noDriver)).filter(({ available }) => !available);
    for (const { device, detail } of absent) {
      const ended = await Promise.all([
        run([...words, "--device", device, "--name", `${device}-option`], noDriver),
        run([...words, "--name", `${device}-variable`], { ...noDriver, QUIRE_DEVICE: device }),
      ]);
      const refusal = `The device "${device}" cannot be used here: ${detail}`;
      for (const { exit, err } of ended) {
        expect({ exit, err }).toEqual({ exit: 2, err: refusal });
      }
    }
    expect(absent.map(({ device }) => device)).toContain("webgpu");
    expect(existsSync(join(folder, "runs"))).toBe(false);
  }, 60_000);

  test("is WebGPU only where there is a driver, and doctor says what to do", async () => {
    const [cpu, webgpu, cuda] = await reported(noDriver);
    expect(cpu).toMatchObject({ device: "cpu", available: true });
    expect(webgpu).toMatchObject({ device: "webgpu", available: false });
    expect(webgpu?.detail).toMatch(
      /^(no GPU was found that WebGPU can use\.|.+) Install the GPU's driver \(on Linux its Vulkan driver and libvulkan1\), or use cpu\.$/,
    );
    if (cuda?.available) return;
    expect(cuda?.detail).toMatch(
      /^(ONNX Runtime's CUDA libraries are not installed|a library of CUDA 12 or cuDNN 9 is missing|onnxruntime-node has no part for it on \w+ \w+)\. On Linux with CUDA 12, run `ONNXRUNTIME_NODE_INSTALL=true node node_modules\/onnxruntime-node\/script\/install\.js`; elsewhere use webgpu or cpu\.$/,
    );
  });

  test("may be WebGPU on a driver that computes on the processor", async ({ skip }) => {
    if (!existsSync(software)) skip("there is no Chromium, whose Vulkan driver this takes");
    const driver = { VK_ICD_FILENAMES: software, LD_LIBRARY_PATH: dirname(software) };
    const [, webgpu] = await reported(driver);
    expect(webgpu).toMatchObject({ device: "webgpu", available: true });
    expect(webgpu?.detail).toMatch(/^ONNX Runtime 1\.30\.0$/);
  }, 60_000);
});

test("a word that is no device is refused with those that are", async () => {
  const [option, variable] = await Promise.all([
    run([...words, "--device", "gpu"], {}),
    run(words, { QUIRE_DEVICE: "gpu" }),
  ]);
  expect(option).toMatchObject({
    exit: 2,
    err: '--device does not know "gpu"; use cpu or webgpu or cuda.',
  });
  expect(variable).toMatchObject({
    exit: 2,
    err: 'QUIRE_DEVICE is "gpu", which is no device; it may be cpu, webgpu, cuda.',
  });
  // What is said by the option comes first, and what computes nothing asks for no device.
  const [named, without] = await Promise.all([
    run([...words, "--device", "cpu"], { QUIRE_DEVICE: "gpu" }),
    run(["list"], { QUIRE_DEVICE: "gpu" }),
  ]);
  expect([named.exit, without.exit]).toEqual([0, 0]);
});
