import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { type Check, until, withWatched } from "./site-check.ts";

/** A table whose last column can be told from the others. */
function table(): string {
  const rows = Array.from({ length: 400 }, (_, i) => {
    const [a, b, c] = [(i * 37) % 101, (i * 53) % 89, (i * 71) % 97];
    return `${a},${b},${c},${a + b > 95 ? "yes" : "no"}`;
  });
  return `width,height,depth,fits\n${rows.join("\n")}\n`;
}

/** Starts a training of ExcelFormer from the page; gives its row. */
async function startRun(page: Page, name: string, epochs: number): Promise<Locator> {
  await page.getByLabel("Paper").selectOption("excelformer");
  const file = { name: "boxes.csv", mimeType: "text/csv", buffer: Buffer.from(table()) };
  await page.getByLabel("File").setInputFiles(file);
  await page.getByLabel("Column to predict").fill("fits");
  await page.getByRole("spinbutton", { name: "Epochs" }).fill(String(epochs));
  await page.getByRole("button", { name: "Train", exact: true }).click();
  const row = page.locator(`[data-run="${name}"]`);
  await row.waitFor({ timeout: 60_000 });
  return row;
}

async function epochsOf(row: Locator): Promise<number> {
  return Number.parseInt(await row.locator(".epochs").innerText(), 10) || 0;
}

/** The series of the plot of curves, as its legend names them. */
async function comparedIn(page: Page): Promise<string[]> {
  const names = await page.locator(".compared .u-legend th").allInnerTexts();
  return names.map((name) => name.trim()).filter((name) => name.startsWith("excelformer"));
}

const life: Check = {
  name: "a run is started from the page, watched, stopped, resumed and read",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(`${site.address}runs/index.html`);
      await page.getByText("No runs yet.").waitFor();
      await page.getByText("Start a run").click();
      const row = await startRun(page, "excelformer-1", 12);
      await until("an epoch", async () => (await epochsOf(row)) >= 2, 120);
      await row.getByRole("button", { name: "Stop" }).click();
      await until(
        "its stop",
        async () => (await row.getByRole("button", { name: "Stop" }).count()) === 0,
      );
      await until("that it can go on", () =>
        row.getByRole("button", { name: "Resume" }).isVisible(),
      );
      ok((await epochsOf(row)) < 12);
      await row.getByRole("button", { name: "Resume" }).click();
      await until("its end", async () => (await row.innerText()).includes("done"), 180);
      strictEqual(await page.getByRole("img", { name: /over epochs/ }).count(), 1);
      const report = page.waitForEvent("popup");
      await row.getByRole("link", { name: "Report" }).click();
      await (await report).getByText("Learning curves").waitFor();
    }),
};

const comparing: Check = {
  name: "several runs are compared while one of them trains, their curves in one plot",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(`${site.address}runs/index.html`);
      const first = page.locator('[data-run="excelformer-1"]');
      await first.waitFor();
      await page.getByText("Start a run").click();
      const second = await startRun(page, "excelformer-2", 8);
      await until("an epoch", async () => (await epochsOf(second)) >= 1, 120);
      for (const row of [first, second]) await row.getByRole("checkbox").check();
      await until("both curves", async () => (await comparedIn(page)).length === 2);
      deepStrictEqual((await comparedIn(page)).sort(), ["excelformer-1", "excelformer-2"]);
      strictEqual(await page.getByRole("img", { name: /over epochs/ }).count(), 1);
      const metrics = page.getByLabel("Metric");
      const [, other = ""] = await metrics.locator("option").allInnerTexts();
      await metrics.selectOption({ label: other });
      await page.getByRole("img", { name: `${other} over epochs` }).waitFor();
      await until("its end", async () => (await second.innerText()).includes("done"), 180);
      await page.screenshot({ path: join(site.screenshots, "runs.png"), fullPage: true });
      await first.getByRole("checkbox").uncheck();
      await until("one curve", async () =>
        (await page.locator(".compared").innerText()).includes("of excelformer-2"),
      );
    }),
};

/** Words of each task that learns from one file, and what it is told beside the file. */
const others = [
  { paper: "tsmixer", file: "hours.csv", column: "Column to forecast", name: "load", steps: "4" },
  { paper: "transformer-programs", file: "tags.csv" },
] as const;

/** A file of a task that is not a table to predict a column of. */
function otherFile(name: string): string {
  const rows = Array.from({ length: 120 }, (_, i) => {
    if (name === "tags.csv") return `${i % 3} ${i % 2} 1,${i % 2} ${i % 3} 0`;
    const time = new Date(Date.UTC(2025, 0, 1) + i * 3_600_000).toISOString();
    return `${time},${(10 + Math.sin(i / 4)).toFixed(3)}`;
  });
  return `${name === "tags.csv" ? "sequence,labels" : "time,load"}\n${rows.join("\n")}\n`;
}

const otherTasks: Check = {
  name: "a run of each task that learns from one file is told what it needs",
  run: (site) =>
    withWatched(site, {}, async ({ page }) => {
      await page.goto(`${site.address}runs/index.html`);
      await page.getByText("Start a run").click();
      for (const { paper, file, ...told } of others) {
        await page.getByLabel("Paper").selectOption(paper);
        const buffer = Buffer.from(otherFile(file));
        await page.getByLabel("File").setInputFiles({ name: file, mimeType: "text/csv", buffer });
        if ("column" in told) {
          await page.getByLabel(told.column).fill(told.name);
          await page.getByLabel("Steps to forecast").fill(told.steps);
        }
        await page.getByRole("spinbutton", { name: "Epochs" }).fill("1");
        await page.getByRole("button", { name: "Train", exact: true }).click();
        const row = page.locator(`[data-run="${paper}-1"]`);
        await row.waitFor({ timeout: 60_000 });
        await until("its end", async () => (await row.innerText()).includes("done"), 180);
      }
    }),
};

/** What the page of the runs must do, under `quire serve`; each goes on from the one before. */
export const runChecks: readonly Check[] = [life, comparing, otherTasks];
