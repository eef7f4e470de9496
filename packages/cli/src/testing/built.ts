import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The built command. */
export const builtCommand = fileURLToPath(new URL("../../bin/quire.js", import.meta.url));

/** How a process of the command ended. */
export interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command in a folder, as a user does. */
export async function runBuilt(folder: string, words: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)("node", [builtCommand, ...words], {
      cwd: folder,
      env: { ...process.env, QUIRE_DEBUG: "" },
    });
    return { exit: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exit: code, out: stdout, err: stderr };
  }
}
