import { defaultRuntime, devices } from "@quire/tensor";
import { command } from "../command.ts";
import { machine, versions } from "../machine.ts";
import { table } from "../table.ts";

/** Says what a run can use here. */
export const doctorCommand = command({
  name: "doctor",
  summary: "Show this machine's devices, and for each that is missing why, and what to do",
  arguments: [],
  options: {},
  examples: ["quire doctor", "quire doctor --json"],
  run: async (_given, _options, { console }) => {
    const reports = await devices();
    const { processor, cores, memoryGiB, system } = machine();
    const columns = [{ title: "device" }, { title: "there" }, { title: "what it is, or why not" }];
    const rows = reports.map(({ device, available, detail }) => [
      device,
      available ? "yes" : "no",
      detail,
    ]);
    const about = Object.entries(versions()).map(([name, version]) => `${name} ${version}`);
    console.print(`${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}`);
    console.print(`${about.join(", ")}\n`);
    console.print(table(columns, rows));
    console.print(`\n${await choiceText()}`);
    console.result({ machine: machine(), versions: versions(), devices: reports });
  },
});

/** Where a command computes here, or why it would not. */
async function choiceText(): Promise<string> {
  const named = process.env["QUIRE_DEVICE"] ?? "";
  if (named === "") {
    return "Commands compute on cpu unless --device or QUIRE_DEVICE names another of these devices.";
  }
  try {
    await defaultRuntime();
    return `QUIRE_DEVICE is set: commands compute on ${named} unless --device names another device.`;
  } catch (error) {
    return `Commands would fail unless --device names another device: ${(error as Error).message}`;
  }
}
