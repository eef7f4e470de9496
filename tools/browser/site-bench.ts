/** Measures the pages in Chromium: first paint, bytes, time to a first training step: `npm run bench:site`. */
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";
import { buildPages, startQuire } from "./site-server.ts";

/** Each is measured so many times, in a new context without a cache. */
const ROUNDS = 5;
/** First paint is wanted within so many milliseconds, and fewer bytes than this before the runtime. */
const targets = { paint: 1000, bytes: 200_000 };

interface Opened {
  readonly paint: number;
  /** Bytes as they came over the network, and unpacked. */
  readonly sent: number;
  readonly unpacked: number;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function opened(browser: Browser, address: string): Promise<Opened> {
  const context = await browser.newContext({ serviceWorkers: "block" });
  try {
    const page = await context.newPage();
    await page.goto(address, { waitUntil: "networkidle" });
    const paint = await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    );
    const [sent, unpacked] = (await page.evaluate(
      "['encodedBodySize', 'decodedBodySize'].map((of) => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, entry) => sum + entry[of], 0))",
    )) as [number, number];
    return { paint: paint as number, sent, unpacked };
  } finally {
    await context.close();
  }
}

/** Opens a paper's page and trains at once; how long it takes until a step is done. */
async function firstStep(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext({ serviceWorkers: "block" });
  try {
    const page: Page = await context.newPage();
    await page.goto(address);
    await page.getByRole("button", { name: "Train it", exact: true }).click();
    await page.locator("[data-value]").first().waitFor({ timeout: 120_000 });
    return (await page.evaluate("performance.now()")) as number;
  } finally {
    await context.close();
  }
}

async function main(): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("There is no Chromium (Debian: chromium).");
  if (!process.argv.includes("--built")) await buildPages();
  const quire = await startQuire();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  let isMissed = false;
  try {
    for (const path of ["index.html", "papers/cct/index.html"]) {
      const rounds: Opened[] = [];
      for (let i = 0; i < ROUNDS; i++) rounds.push(await opened(browser, quire.address + path));
      const [paint, sent, unpacked] = (["paint", "sent", "unpacked"] as const).map((of) =>
        median(rounds.map((round) => round[of])),
      ) as [number, number, number];
      isMissed ||= paint > targets.paint || (path === "index.html" && sent > targets.bytes);
      console.log(
        `${path}: first paint ${paint.toFixed(0)} ms; ${(sent / 1000).toFixed(0)} kB sent, ` +
          `${(unpacked / 1000).toFixed(0)} kB unpacked (median of ${ROUNDS})`,
      );
    }
    for (const paper of ["cct", "excelformer", "lightning-attention"]) {
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        times.push(await firstStep(browser, `${quire.address}papers/${paper}/index.html`));
      }
      console.log(
        `${paper}: ${(median(times) / 1000).toFixed(1)} s from opening to its first values`,
      );
    }
  } finally {
    await browser.close();
    await quire.close();
  }
  console.log(`wanted: first paint under ${targets.paint} ms, under ${targets.bytes / 1000} kB`);
  return isMissed ? 1 : 0;
}

process.exit(await main());
