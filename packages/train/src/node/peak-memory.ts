import { readFile, writeFile } from "node:fs/promises";

/**
 * The most bytes of memory that the process holds while something runs, beyond what it held before; undefined where
 * the system does not tell: it is read of Linux's /proc.
 */
export async function peakMemory(run: () => Promise<void>): Promise<number | undefined> {
  try {
    // Sets the high-water mark back to what is held now.
    await writeFile("/proc/self/clear_refs", "5");
  } catch {
    await run();
    return undefined;
  }
  const before = await held("VmRSS");
  await run();
  return Math.max(0, (await held("VmHWM")) - before);
}

async function held(what: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return 1024 * Number(new RegExp(`^${what}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
}
