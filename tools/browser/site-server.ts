import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const quire = join(root, "packages/cli/bin/quire.js");
/** Where the tested pages, and runs, are made. */
export const places = {
  site: join(root, "tools/dist/site"),
  runs: join(root, "tools/dist/site-runs"),
  screenshots: join(root, "tools/dist/screenshots"),
};

/** Builds the pages as a user does. */
export async function buildPages(): Promise<void> {
  rmSync(places.site, { recursive: true, force: true });
  const words = ["site", "build", "--out", relative(root, places.site)];
  const child = spawn(process.execPath, [quire, ...words], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`quire site build ended with ${code}`);
}

/** A server that serves the pages. */
export interface PageServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Starts `quire serve` on the built pages, with an empty folder of runs. */
export async function startQuire(): Promise<PageServer> {
  rmSync(places.runs, { recursive: true, force: true });
  mkdirSync(places.runs, { recursive: true });
  const words = ["serve", "--port", "0", "--site", places.site, "--runs", places.runs];
  const child = spawn(process.execPath, [quire, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await addressIn(child);
  return {
    address,
    close: async () => {
      const ended = new Promise((resolve) => child.on("close", resolve));
      child.kill("SIGINT");
      await ended;
    },
  };
}

function addressIn(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.on("data", (part: Buffer) => {
      said += part.toString();
      const address = /Open (http\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    child.on("close", (code) => reject(new Error(`quire serve ended with ${code}`)));
  });
}

/** Serves the pages as any web host would: below a path, without headers of isolation. */
export async function startPlainHost(): Promise<PageServer> {
  const server = await preview({
    configFile: false,
    root: places.site,
    base: "/anywhere/",
    appType: "mpa",
    logLevel: "error",
    build: { outDir: "." },
    preview: { port: 4199, host: "127.0.0.1" },
  });
  const [address = ""] = server.resolvedUrls?.local ?? [];
  return { address, close: () => server.close() };
}
