import { ok, strictEqual } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { type Check, withWatched } from "./site-check.ts";
import { places } from "./site-server.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly {
    readonly target: readonly string[];
    readonly failureSummary: string;
  }[];
}

/** What the accessibility checker finds that is serious. */
export async function seriousFindings(page: Page): Promise<string> {
  await page.evaluate(axe);
  const violations = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )) as Violation[];
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(
            ({ target, failureSummary }) =>
              `${target.join(" ")} ${failureSummary.replace(/\s+/g, " ")}`,
          )
          .join("; ")}`,
    )
    .join("\n");
}

/** One page of each kind: the listing, a paper that runs, one that does not yet, and the runs. */
function kinds(): string[] {
  const planned = paperPages().find((path) => !isRunning(path)) ?? "index.html";
  return ["index.html", "papers/cct/index.html", planned, "runs/index.html"];
}

/** The pages of all papers. */
function paperPages(): string[] {
  return readdirSync(join(places.site, "papers")).map((id) => `papers/${id}/index.html`);
}

function isRunning(path: string): boolean {
  return !readFileSync(join(places.site, path), "utf8").includes('class="paper planned"');
}

function accessible(colorScheme: "light" | "dark"): Check {
  return {
    name: `no serious finding of the accessibility checker, ${colorScheme}`,
    run: (site) =>
      withWatched(site, { colorScheme, bypassCSP: true }, async ({ page }) => {
        for (const path of kinds()) {
          await page.goto(site.address + path);
          await page.waitForTimeout(300);
          strictEqual(await seriousFindings(page), "", path);
        }
      }),
  };
}

const dark: Check = {
  name: "dark and light, as the system says or as is chosen",
  run: (site) =>
    withWatched(site, { colorScheme: "dark" }, async ({ page }) => {
      const lightness = async (): Promise<number> => {
        const colour = (await page.evaluate(
          "(() => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = getComputedStyle(document.body).backgroundColor; return c.fillStyle; })()",
        )) as string;
        return Number.parseInt(colour.slice(1, 3), 16);
      };
      await page.goto(site.address);
      ok((await lightness()) < 64);
      await page.screenshot({ path: join(site.screenshots, "dark.png") });
      const button = page.getByRole("button", { name: "Switch between light and dark" });
      await button.click();
      ok((await lightness()) > 192);
      await page.goto(`${site.address}papers/cct/index.html`);
      ok((await lightness()) > 192);
    }),
};

const phone: Check = {
  name: "on a phone nothing is wider than the screen",
  run: (site) =>
    withWatched(
      site,
      { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
      async ({ page }) => {
        for (const path of new Set([...kinds(), ...paperPages().filter(isRunning)])) {
          await page.goto(site.address + path);
          await page.waitForTimeout(300);
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          ok((over as number) <= 0, `${path} is ${over} pixels too wide`);
          const name = path.replace(/\/?index\.html$/, "").replaceAll("/", "-") || "listing";
          await page.screenshot({ path: join(site.screenshots, `phone-${name}.png`) });
        }
      },
    ),
};

/** How the pages look, and to whom. */
export const lookChecks: readonly Check[] = [accessible("light"), accessible("dark"), dark, phone];
