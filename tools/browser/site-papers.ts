import { ok, strictEqual } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { chromium, type Page } from "playwright-core";
import { findChromium, flags } from "./chromium.ts";
import { type Check, type Site, until, withWatched } from "./site-check.ts";
import { contentOf, drop, dropped } from "./site-dropped.ts";
import { seriousFindings } from "./site-looks.ts";
import { checkOnnx, checkSameAnswer, downloaded } from "./site-onnx.ts";
import { places } from "./site-server.ts";

async function lossOf(page: Page): Promise<number> {
  const names = ["loss", "mse", "trainingLoss", "Pre-LN", "failed"].map(
    (name) => `[data-value="${name}"]`,
  );
  const text = await page.locator(names.join(",")).first().innerText();
  return Number(text);
}

/** A paper whose page shows all kinds of figures while it works: curves, maps, and texts that scroll. */
const AT_WORK = "transformer-programs";

/** The method that converts files in its page. */
const CONVERTS = "pre-rmsnorm";

/** Milliseconds after the last file that was kept in which no other comes. */
const STILL = 3000;

/** Trains until the loss has fallen by a tenth, and stops. */
async function train(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Train it", exact: true }).click();
  await page.locator("[data-value]").first().waitFor({ timeout: 120_000 });
  const first = await lossOf(page);
  await until("a loss that has fallen", async () => (await lossOf(page)) < 0.9 * first, 180);
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  // It may end by itself before it is told to.
  if (await stop.isVisible()) await stop.click({ timeout: 2000 }).catch(() => undefined);
  await until("the end", async () => {
    const phase = await page.locator(".stage").getAttribute("data-state");
    return phase === "stopped" || phase === "done";
  });
}

function pageCheck(paper: string): Check {
  return {
    name: `${paper} trains in its page, answers a file, and leaves as ONNX with the same numbers`,
    run: (site) =>
      withWatched(site, { acceptDownloads: true }, async ({ page }) => {
        await page.goto(`${site.address}papers/${paper}/index.html`);
        ok(await page.evaluate("crossOriginIsolated"));
        // Of a model with these norms the method has something to convert.
        if (paper === CONVERTS) await page.locator("#control-form").selectOption("pre-crmsnorm");
        await train(page);
        await page.screenshot({ path: join(site.screenshots, `${paper}.png`), fullPage: false });
        const answered = await answerOf(page, paper);
        const session = await checkOnnx(page);
        if (paper === "cct") await checkSameAnswer(session, answered);
        if (paper === CONVERTS) await checkMethod(page);
        await page
          .locator(".stage")
          .screenshot({ path: join(site.screenshots, `${paper}-stage.png`) });
        if (await page.locator("#presets").isVisible()) await checkSizes(page);
      }),
  };
}

/** Drops what the paper's system reads, and gives the answer. */
async function answerOf(page: Page, paper: string): Promise<string> {
  const place = page.locator('.own[data-by="system"] .answers');
  const { file, answer } = dropped[paper] ?? {};
  if (!file || !answer) throw new Error(`no test drops a file on the page of ${paper}`);
  await drop(page, "system", { name: file, content: await contentOf(file) });
  await until(`an answer like ${answer}`, async () => answer.test(await place.innerText()));
  return await place.innerText();
}

/** Drops the model that was trained on the place for a user's own, and takes what the method makes of it. */
async function checkMethod(page: Page): Promise<void> {
  const content = await downloaded(page, "Download as ONNX", ".onnx");
  await drop(page, "method", { name: "mine.onnx", content });
  const place = page.locator('.own[data-by="method"] .answers');
  await until("a conversion", async () => / norms are RMSNorm now/.test(await place.innerText()));
  const largest = /Largest difference on 3 calls of random inputs: (\S+) /;
  ok(Number(largest.exec(await place.innerText())?.[1]) < 1e-4);
  const made = await downloaded(page, "Download mine-pre-rmsnorm.onnx", ".onnx");
  await InferenceSession.create(made);
  await drop(page, "method", { name: "none.onnx", content: Buffer.from("no model") });
  await until("a refusal", async () => (await place.innerText()).startsWith('"none.onnx": '));
}

/** Sizes are counted in the page, and are the published ones within their rounding. */
async function checkSizes(page: Page): Promise<void> {
  await page.locator("#presets").scrollIntoViewIfNeeded();
  const left = page.locator("#presets .counted", { hasText: "…" });
  await until("all sizes counted", async () => (await left.count()) === 0, 120);
  const rows = await page.locator("#presets tbody tr").evaluateAll((all) =>
    all.map((row) => {
      const cell = (name: string): string =>
        (row as unknown as { querySelector(name: string): { textContent: string } }).querySelector(
          name,
        ).textContent;
      return [cell("td.number"), cell("td.counted")] as const;
    }),
  );
  const units: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
  const value = (text: string): number => {
    const [number = "", unit = ""] = text.split(" ");
    return Number(number) * (units[unit] ?? 1);
  };
  for (const [published, counted] of rows) {
    if (published === "–") continue;
    ok(Math.abs(value(counted) / value(published) - 1) < 0.03, `${published} against ${counted}`);
  }
}

const offline: Check = {
  name: "a page that was loaded works without a network",
  run: (site) =>
    withWatched(site, {}, async ({ page, complaints }) => {
      await page.goto(`${site.address}papers/excelformer/index.html`);
      await train(page);
      let before: readonly string[] = [];
      let since = Date.now();
      await until("files that are kept, and no more to come", async () => {
        const kept = (await page.evaluate(
          "caches.keys().then((names) => caches.open(names[0] ?? '')).then((cache) => cache.keys()).then((all) => all.map(({ url }) => url))",
        )) as string[];
        if (kept.length !== before.length) since = Date.now();
        before = kept;
        const isThere = ["/worker-", ".wasm"].every((part) =>
          kept.some((url) => url.includes(part)),
        );
        return isThere && Date.now() - since > STILL;
      });
      await page.context().setOffline(true);
      await page.reload();
      await train(page);
      await page.context().setOffline(false);
      strictEqual(complaints.join("\n"), "");
    }),
};

const copying: Check = {
  name: "a page's citation is copied",
  run: (site) =>
    withWatched(site, { permissions: ["clipboard-read", "clipboard-write"] }, async ({ page }) => {
      await page.goto(`${site.address}papers/informer/index.html`);
      await page.getByRole("button", { name: "Copy the BibTeX entry" }).click();
      await page.getByText("Copied").waitFor();
      const copied = (await page.evaluate("navigator.clipboard.readText()")) as string;
      strictEqual(copied, await page.locator("#cite code").innerText());
      ok(copied.includes("author = {Haoyi Zhou and Shanghang Zhang and"));
    }),
};

const atWork: Check = {
  name: "no serious finding of the accessibility checker on a page at work",
  run: (site) =>
    withWatched(site, { bypassCSP: true }, async ({ page }) => {
      await page.goto(`${site.address}papers/${AT_WORK}/index.html`);
      await page.getByRole("button", { name: "Train it", exact: true }).click();
      await page.getByText("The program", { exact: true }).waitFor({ timeout: 120_000 });
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      await answerOf(page, AT_WORK);
      strictEqual(await seriousFindings(page), "");
      await page.screenshot({ path: join(site.screenshots, "at-work.png"), fullPage: true });
    }),
};

const still: Check = {
  name: "reset, settings and the page itself stay at hand while it trains",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(`${site.address}papers/excelformer/index.html`);
      await page.getByLabel("Features that say nothing").fill("3");
      await page.getByRole("button", { name: "Train it", exact: true }).click();
      await page.locator("[data-value]").first().waitFor({ timeout: 120_000 });
      const longest = (await page.evaluate(
        "new Promise((resolve) => { let longest = 0, last = performance.now(), count = 0; const look = (now) => { longest = Math.max(longest, now - last); last = now; if (++count === 30) resolve(longest); else requestAnimationFrame(look); }; requestAnimationFrame(look); })",
      )) as number;
      ok(longest < 1000, `a frame took ${longest} ms`);
      await page.getByRole("button", { name: "Reset" }).click();
      strictEqual(await page.locator(".stage").getAttribute("data-state"), "fresh");
      strictEqual(await page.getByLabel("Features that say nothing").inputValue(), "10");
    }),
};

const gpu: Check = {
  name: "WebGPU is chosen where there is an adapter, and trains",
  run: async ({ address }) => {
    const browser = await chromium.launch({
      executablePath: findChromium() ?? "",
      args: [...flags],
    });
    try {
      await withWatched({ browser }, {}, async ({ page }) => {
        await page.goto(`${address}papers/excelformer/index.html`);
        const choice = page.getByRole("radio", { name: "WebGPU" });
        await until("the adapter", () => choice.isEnabled(), 30);
        // An adapter that computes on the processor is there to be chosen, not to be preferred.
        ok(await page.getByRole("radio", { name: "WebAssembly" }).isChecked());
        await choice.check({ force: true });
        ok((await page.locator(".device .hint").innerText()).includes("WebGPU"));
        await train(page);
      });
    } finally {
      await browser.close();
    }
  },
};

/** The paper that is tried where there is little time. */
const QUICK = "excelformer";

/** What the papers' pages must do: all that were built with a demonstration, or one. */
export function paperChecks(isShort: boolean): readonly Check[] {
  const folder = join(places.site, "papers");
  const shown = readdirSync(folder).filter((id) =>
    readFileSync(join(folder, id, "index.html"), "utf8").includes('id="demonstration"'),
  );
  const missing = readdirSync(folder).filter((id) => {
    const html = readFileSync(join(folder, id, "index.html"), "utf8");
    return !shown.includes(id) && !html.includes('class="paper planned"');
  });
  const all: Check = {
    name: "every paper that runs trains in its page",
    run: () => Promise.resolve(strictEqual(missing.join(", "), "")),
  };
  const tried = shown.filter((id) => !isShort || id === QUICK);
  return [
    all,
    ...tried.map(pageCheck),
    copying,
    ...(isShort ? [] : [atWork]),
    offline,
    still,
    ...(isShort ? [] : [gpu]),
  ];
}

/** A page trains where nothing isolates it, on one thread. */
export function plainHostCheck(address: string): Check {
  return {
    name: "any web host will do: below a path, without threads",
    run: (site: Site) =>
      withWatched(site, {}, async ({ page }) => {
        await page.goto(`${address}papers/excelformer/index.html`);
        strictEqual(await page.evaluate("crossOriginIsolated"), false);
        await train(page);
      }),
  };
}
