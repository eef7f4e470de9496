import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { chromium, type Page } from "playwright-core";

/** Where systems keep Chromium or a browser made of it; QUIRE_CHROMIUM names another place. */
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** WebGPU on the adapter that Chromium computes on the processor, which every machine has. */
const flags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  // Computing on a busy processor is slow enough to be taken for a driver that hangs.
  "--disable-gpu-watchdog",
];

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** The headers by which a page is isolated from other origins and so may have threads. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The system's Chromium, if there is one. */
export function findChromium(): string | undefined {
  const named = process.env["QUIRE_CHROMIUM"];
  return named ? named : places.find((path) => existsSync(path));
}

/** What a page is opened with. */
export interface PageOptions {
  /** The folder of the bundle that `bundleForPage` wrote. */
  readonly folder: string;
  /** The entry's file there. */
  readonly entry: string;
  /** Whether the page may have threads. */
  readonly isolated: boolean;
}

/** Opens a bundled page in a headless Chromium of its own, and closes both when `use` ends. */
export async function withPage<T>(
  executablePath: string,
  options: PageOptions,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const server = serve(options);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on("pageerror", (error) => console.error(`page: ${error.message}`));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.suite !== undefined", undefined, { timeout: 30_000 });
    return await use(page);
  } finally {
    await browser.close();
    server.close();
  }
}

function serve({ folder, entry, isolated }: PageOptions): Server {
  const html = `<!doctype html><meta charset="utf-8"><script type="module" src="/${entry}"></script>`;
  const headers = isolated ? isolation : {};
  return createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://page").pathname);
    try {
      const body = path === "/" ? html : await readFile(join(folder, path));
      const type = types[extname(path)] ?? "text/html";
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}
