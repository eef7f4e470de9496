import { ok, strictEqual } from "node:assert";
import { join } from "node:path";
import { type Check, until, withWatched } from "./site-check.ts";

/** A table whose last column can be told from the others. */
function table(): string {
  const rows = Array.from({ length: 400 }, (_, i) => {
    const [a, b, c] = [(i * 37) % 101, (i * 53) % 89, (i * 71) % 97];
    return `${a},${b},${c},${a + b > 95 ? "yes" : "no"}`;
  });
  return `width,height,depth,fits\n${rows.join("\n")}\n`;
}

/** What the page of the runs must do, under `quire serve`. */
export const runChecks: readonly Check[] = [
  {
    name: "a run is started from the page, watched, stopped, resumed and read",
    run: (site) =>
      withWatched(site, {}, async ({ page }) => {
        await page.goto(`${site.address}runs/index.html`);
        await page.getByText("No runs yet.").waitFor();
        await page.getByText("Start a run").click();
        await page.getByLabel("Paper").selectOption("excelformer");
        const file = { name: "boxes.csv", mimeType: "text/csv", buffer: Buffer.from(table()) };
        await page.getByLabel("File").setInputFiles(file);
        await page.getByLabel("Column to predict").fill("fits");
        await page.getByLabel("Epochs").fill("12");
        await page.getByRole("button", { name: "Train", exact: true }).click();
        const row = page.locator('[data-run="excelformer-1"]');
        await row.waitFor({ timeout: 60_000 });
        const epochs = async (): Promise<number> =>
          Number.parseInt(await row.locator(".epochs").innerText(), 10) || 0;
        await until("an epoch", async () => (await epochs()) >= 2, 120);
        await row.getByRole("button", { name: "Stop" }).click();
        await until(
          "its stop",
          async () => (await row.getByRole("button", { name: "Stop" }).count()) === 0,
        );
        await until("that it can go on", () =>
          row.getByRole("button", { name: "Resume" }).isVisible(),
        );
        const before = await epochs();
        ok(before < 12);
        await row.getByRole("button", { name: "Resume" }).click();
        await until("its end", async () => (await row.innerText()).includes("done"), 180);
        strictEqual(await page.getByRole("img", { name: /over epochs/ }).count(), 1);
        await page.screenshot({ path: join(site.screenshots, "runs.png") });
        const report = page.waitForEvent("popup");
        await row.getByRole("link", { name: "Report" }).click();
        await (await report).getByText("Learning curves").waitFor();
      }),
  },
];
