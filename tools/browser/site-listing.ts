import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { type Check, until, withWatched } from "./site-check.ts";
import { places } from "./site-server.ts";

function titles(page: Page): Promise<string[]> {
  return page.locator(".rows h3 a").allInnerTexts();
}

/** Types a query, and waits until the count of results has changed. */
async function search(page: Page, query: string): Promise<void> {
  const count = page.locator(".count");
  const before = await count.innerText();
  await page.getByLabel("Search papers").fill(query);
  await until(`results of "${query}"`, async () => (await count.innerText()) !== before);
  // What is near in meaning comes when the encoder is there.
  await page.waitForTimeout(400);
}

const listing: Check = {
  name: "the listing holds all papers, those that run first",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(site.address);
      strictEqual(await page.locator(".rows > li").count(), 72);
      const running = await page.locator(".rows > li:not(.planned)").count();
      ok(running >= 5);
      const states = await page
        .locator(".rows > li")
        .evaluateAll((rows) =>
          rows.map((row) =>
            (row as unknown as { className: string }).className.includes("planned"),
          ),
        );
      deepStrictEqual(
        states,
        states.toSorted((a, b) => Number(a) - Number(b)),
      );
      await page.screenshot({ path: join(site.screenshots, "listing.png") });
    }),
};

const searching: Check = {
  name: "search by words, by meaning, and without a result",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(site.address);
      await search(page, "informer");
      ok((await titles(page))[0]?.startsWith("Informer"));
      await search(page, "predict how much electricity is used tomorrow");
      ok((await page.locator(".count").innerText()).startsWith("No paper has these words"));
      ok((await titles(page)).some((title) => title.startsWith("Informer")));
      await page.screenshot({ path: join(site.screenshots, "search.png") });
      await search(page, "zzqqxx wvvvk");
      strictEqual(await page.locator(".rows > li").count(), 0);
      ok((await page.locator(".nothing").innerText()).includes("No paper says “zzqqxx wvvvk”"));
      await page.getByRole("button", { name: "Show all papers" }).click();
      strictEqual(await page.locator(".rows > li").count(), 72);
    }),
};

const filtering: Check = {
  name: "filters and order, kept in the address",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(site.address);
      await page.getByLabel("Family").selectOption("diffusion");
      const family = await page.locator(".rows > li").count();
      ok(family > 3 && family < 20);
      await page.getByLabel("Family").selectOption("");
      await page.getByLabel("Task").selectOption("forecasting");
      await page.getByLabel("Order").selectOption("title");
      const shown = await titles(page);
      deepStrictEqual(
        shown,
        shown.toSorted((a, b) => a.localeCompare(b)),
      );
      ok(shown.length >= 2 && shown.length < 6);
      await page.reload();
      await until("the same choice", async () => (await titles(page)).length === shown.length);
      deepStrictEqual(await titles(page), shown);
      await page.getByLabel("State").selectOption("planned");
      ok((await titles(page)).length < shown.length);
    }),
};

const keyboard: Check = {
  name: "the keyboard alone finds and opens a paper",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(site.address);
      await until("the field", async () => {
        // The page listens a moment after it is drawn.
        await page.keyboard.press("/");
        return await page.evaluate<boolean>("document.activeElement.matches('.search input')");
      });
      await page.keyboard.type("compact transformers");
      await until("one paper", async () => (await titles(page))[0]?.includes("Compact") === true);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(/papers\/cct\//);
      await page.keyboard.press("Tab");
      strictEqual(await page.locator(":focus").innerText(), "Skip to the content");
    }),
};

const links: Check = {
  name: "no link of any page is broken",
  run: async () => {
    const broken: string[] = [];
    const pages = readdirSync(places.site, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".html"),
    );
    ok(pages.length >= 74);
    const texts = new Map(
      pages.map((name) => [join(places.site, name), readFileSync(join(places.site, name), "utf8")]),
    );
    for (const [path, text] of texts) {
      for (const [, target = ""] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
        if (/^(https?|data|mailto):/.test(target)) continue;
        const [file = "", anchor] = target.split("#");
        const [plain = ""] = file.split("?");
        const to = plain === "" ? path : resolve(dirname(path), plain);
        const hasAnchor = anchor === undefined || texts.get(to)?.includes(`id="${anchor}"`);
        if (!existsSync(to) || !hasAnchor) broken.push(`${path}: ${target}`);
      }
    }
    strictEqual(broken.join("\n"), "");
    await Promise.resolve();
  },
};

/** What the listing must do. */
export const listingChecks: readonly Check[] = [listing, searching, filtering, keyboard, links];
