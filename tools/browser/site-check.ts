import { strictEqual } from "node:assert";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** What checks of the pages are given. */
export interface Site {
  readonly browser: Browser;
  /** The address of `quire serve`, with a slash at its end. */
  readonly address: string;
  /** The folder that screenshots are written to. */
  readonly screenshots: string;
}

/** Something that the pages must do. */
export interface Check {
  readonly name: string;
  run(site: Site): Promise<void>;
}

/** A page that is watched for errors. */
export interface WatchedPage {
  readonly page: Page;
  /** What the console, scripts and requests complained of. */
  readonly complaints: string[];
}

/** Opens a page in a context of its own, uses it, and fails when anything complained. */
export async function withWatched(
  { browser }: Pick<Site, "browser">,
  options: BrowserContextOptions,
  use: (watched: WatchedPage) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", ({ message }) => complaints.push(`error: ${message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  try {
    await use({ page, complaints });
    strictEqual(complaints.join("\n"), "");
  } finally {
    await context.close();
  }
}

/** Waits until something that is asked of the page is true; says what it waited for when it never is. */
export async function until(
  what: string,
  ask: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
