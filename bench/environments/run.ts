/**
 * How many steps a second the environments take, side by side in one process, with random actions that are drawn
 * beforehand.
 */
import { parseArgs } from "node:util";
import { environmentNames, environments } from "@quire/data";
import { Random } from "@quire/tensor";
import { machine } from "../step/report.ts";

/** Steps a second below which an environment is too slow. */
const TARGET = 50_000;
/** Seconds that each is measured for. */
const SECONDS = 1;

const { values } = parseArgs({ options: { count: { type: "string", default: "64" } } });
const count = Number(values.count);

/** Steps a second of environments of a name. */
function rateOf(name: (typeof environmentNames)[number]): number {
  const environment = environments(name, {}, { count, seed: 1 });
  const random = new Random(2);
  const drawn = Array.from({ length: 64 }, () =>
    Int32Array.from({ length: count }, () => random.integer(environment.actionSpace.count)),
  );
  const run = (seconds: number): number => {
    const started = performance.now();
    let steps = 0;
    while (performance.now() - started < 1000 * seconds) {
      for (const actions of drawn) environment.step(actions);
      steps += drawn.length * count;
    }
    return (1000 * steps) / (performance.now() - started);
  };
  run(SECONDS / 4);
  return run(SECONDS);
}

console.log(machine());
let slow = 0;
for (const name of environmentNames) {
  const rate = rateOf(name);
  if (rate < TARGET) slow += 1;
  const text = Math.round(rate).toLocaleString("en");
  console.log(`${name.padEnd(12)} ${text.padStart(12)} steps a second, ${count} side by side`);
}
console.log(slow === 0 ? "All take at least 50,000." : `${slow} take fewer than 50,000.`);
process.exitCode = slow === 0 ? 0 : 1;
