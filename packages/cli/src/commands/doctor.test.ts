import { devices } from "@quire/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { Console } from "../console.ts";
import { machine, versions } from "../machine.ts";
import { doctorCommand } from "./doctor.ts";

afterEach(() => vi.unstubAllEnvs());

async function run(options: { readonly json: boolean }): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await doctorCommand.run(
      [],
      {},
      {
        console: new Console({ quiet: false, ...options }),
        words: [],
        interruptible: () => new AbortController().signal,
        fail: () => undefined,
      },
    );
    return write.mock.calls.map(([text]) => text).join("");
  } finally {
    write.mockRestore();
  }
}

test("lists every device with what it is, or why it is not there and what to do", async () => {
  const lines = (await run({ json: false })).split("\n");
  for (const { device, available, detail } of await devices()) {
    const line = lines.find((text) => text.startsWith(`${device} `));
    expect(line?.split(/ {2,}/)).toEqual([device, available ? "yes" : "no", detail]);
  }
});

test("gives machine, versions and devices to programs", async () => {
  expect(JSON.parse(await run({ json: true }))).toEqual({
    machine: machine(),
    versions: versions(),
    devices: await devices(),
  });
});

test.each([
  ["", "Commands compute on cpu unless --device or QUIRE_DEVICE names another of these devices."],
  ["cpu", "QUIRE_DEVICE is set: commands compute on cpu unless --device names another device."],
  [
    "gpu",
    "Commands would fail unless --device names another device: " +
      'QUIRE_DEVICE is "gpu", which is no device; it may be cpu, webgpu, cuda.',
  ],
])("says where commands compute when QUIRE_DEVICE is %j", async (named, sentence) => {
  vi.stubEnv("QUIRE_DEVICE", named);
  expect((await run({ json: false })).trimEnd().split("\n").at(-1)).toBe(sentence);
});
