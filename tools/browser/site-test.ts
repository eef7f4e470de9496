/** Checks the built pages in Chromium: `npm run test:site`. */
import { mkdirSync, rmSync } from "node:fs";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.ts";
import type { Check, Site } from "./site-check.ts";
import { listingChecks } from "./site-listing.ts";
import { lookChecks } from "./site-looks.ts";
import { paperChecks, plainHostCheck } from "./site-papers.ts";
import { runChecks } from "./site-runs.ts";
import { buildPages, places, startPlainHost, startQuire } from "./site-server.ts";

/**
 * Words after the command choose checks by their names; `--built` takes the pages as they are, `--short` trains on one
 * paper's page alone and starts no run.
 */
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("--"));
const isShort = words.includes("--short");

async function fails({ name, run }: Check, site: Site): Promise<boolean> {
  const began = performance.now();
  const seconds = (): string => `(${((performance.now() - began) / 1000).toFixed(1)} s)`;
  try {
    await run(site);
    console.log(`ok   ${name} ${seconds()}`);
    return false;
  } catch (error) {
    console.log(`FAIL ${name} ${seconds()}\n${(error as Error).message}`);
    return true;
  }
}

async function main(): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.log("skipped: there is no Chromium (Debian: chromium); QUIRE_CHROMIUM may name one.");
    return 0;
  }
  // A part of the checks adds to what others have drawn.
  if (wanted.length === 0 && !isShort) rmSync(places.screenshots, { recursive: true, force: true });
  mkdirSync(places.screenshots, { recursive: true });
  if (!words.includes("--built")) await buildPages();
  const [quire, plain] = await Promise.all([startQuire(), startPlainHost()]);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const site: Site = { browser, address: quire.address, screenshots: places.screenshots };
  const all = [
    ...listingChecks,
    ...lookChecks,
    ...paperChecks(isShort),
    plainHostCheck(plain.address),
    ...(isShort ? [] : runChecks),
  ];
  const chosen = all.filter(({ name }) => wanted.every((word) => name.includes(word)));
  let failed = 0;
  try {
    for (const check of chosen) if (await fails(check, site)) failed += 1;
  } finally {
    await browser.close();
    await Promise.all([quire.close(), plain.close()]);
  }
  console.log(
    `${chosen.length - failed} passed, ${failed} failed; screenshots: tools/dist/screenshots`,
  );
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
