import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { inTime } from "./in-time.ts";

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
export const flags = [
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

/** How long Chromium may take to start, and to end, before it is taken to hang; a busy machine is slow. */
const patience = { start: 60_000, end: 10_000 };

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

/** Chromium did not start, or did not open the page. */
export class ChromiumError extends Error {
  override readonly name: string = "ChromiumError";
}

/**
 * Opens a bundled page in a headless Chromium of its own, and closes both when `use` ends.
 *
 * @throws ChromiumError when the page is not open after `start` milliseconds.
 */
export async function withPage<T>(
  executablePath: string,
  options: PageOptions,
  use: (page: Page) => Promise<T>,
  start: number = patience.start,
): Promise<T> {
  const server = serve(options);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  let browser: Browser | undefined;
  try {
    const launched = chromium.launch({ executablePath, args: flags, timeout: start });
    browser = await opened(executablePath, launched);
    const complaint = `no page after ${start / 1000} s`;
    const page = await opened(executablePath, inTime(openPage(browser, address), start, complaint));
    return await use(page);
  } finally {
    // One that hangs is ended with this process, which its caller ends.
    if (browser) await inTime(browser.close(), patience.end, "").catch(() => undefined);
    server.closeAllConnections();
    server.close();
  }
}

async function openPage(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  await page.goto(address);
  await page.waitForFunction("globalThis.suite !== undefined");
  return page;
}

/** A step of the start; its failure in one sentence, without the browser's own log. */
async function opened<T>(path: string, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const [line = ""] = (error as Error).message.split("\n");
    throw new ChromiumError(
      `Chromium (${path}) opens no page: ${line.replace(/[.:]$/, "")}; install it again, or name another by ` +
        "QUIRE_CHROMIUM.",
      { cause: error },
    );
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
