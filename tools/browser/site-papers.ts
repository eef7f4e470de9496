import { ok, strictEqual } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { findChromium, flags } from "./chromium.ts";
import { type Check, type Site, until, withWatched } from "./site-check.ts";
import { places } from "./site-server.ts";

/** What is dropped on papers' pages, and what their answers are to hold. */
const dropped: Readonly<Record<string, { readonly file: string; readonly answer: RegExp }>> = {
  cct: { file: "picture.png", answer: /What it takes it for[\s\S]*\d %/ },
  excelformer: { file: "points.csv", answer: /row\s+2\s+(true|false)/ },
  informer: { file: "hours.csv", answer: /How it goes on/ },
  "lightning-attention": { file: "text.txt", answer: /the old king sees▸[\s\S]{20}/ },
  linktransformer: { file: "names.txt", answer: /Which of them belong together/ },
};

/** What is dropped on the pages. */
async function contentOf(file: string): Promise<Buffer> {
  switch (file) {
    case "picture.png":
      return await sharp({ create: { width: 96, height: 80, channels: 3, background: "#30343a" } })
        .composite([
          {
            input: Buffer.from(
              '<svg width="96" height="80"><circle cx="48" cy="40" r="26" fill="#fff"/></svg>',
            ),
          },
        ])
        .png()
        .toBuffer();
    case "points.csv": {
      const noise = Array.from({ length: 10 }, (_, i) => `noise ${i + 1}`);
      const row = (a: number, b: number): string => [a, b, ...noise.map(() => 0.1)].join(",");
      return Buffer.from(
        `${["across", "up", ...noise].join(",")}\n${row(1, 0.1)}\n${row(2.5, 2)}\n`,
      );
    }
    case "hours.csv": {
      const rows = Array.from({ length: 96 }, (_, i) => {
        const time = new Date(Date.UTC(2025, 4, 1) + i * 3_600_000).toISOString();
        return `${time},${(100 + 9 * Math.sin((2 * Math.PI * i) / 24)).toFixed(2)}`;
      });
      return Buffer.from(`time,load\n${rows.join("\n")}\n`);
    }
    case "text.txt":
      return Buffer.from("the old king sees");
    default:
      return Buffer.from("Delta Pump\nDelta Pump Ltd.\nIris Wire\nIris Wire & Co.\n");
  }
}

/** Drops a file as a hand does. */
async function drop(page: Page, file: string): Promise<void> {
  const bytes = (await contentOf(file)).toString("base64");
  const transfer = await page.evaluateHandle(
    `(() => { const transfer = new DataTransfer(); const bytes = Uint8Array.from(atob("${bytes}"), (c) => c.charCodeAt(0)); ` +
      `transfer.items.add(new File([bytes], "${file}", { type: "${file.endsWith("png") ? "image/png" : "text/plain"}" })); return transfer; })()`,
  );
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: transfer });
}

async function lossOf(page: Page): Promise<number> {
  const names = ["loss", "mse", "trainingLoss", "Pre-LN"].map((name) => `[data-value="${name}"]`);
  const text = await page.locator(names.join(",")).first().innerText();
  return Number(text);
}

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
    name: `${paper} trains in its page, answers a file where it can, and leaves as ONNX`,
    run: (site) =>
      withWatched(site, { acceptDownloads: true }, async ({ page }) => {
        await page.goto(`${site.address}papers/${paper}/index.html`);
        ok(await page.evaluate("crossOriginIsolated"));
        await train(page);
        await page.screenshot({ path: join(site.screenshots, `${paper}.png`), fullPage: false });
        await page
          .locator(".stage")
          .screenshot({ path: join(site.screenshots, `${paper}-stage.png`) });
        if (await page.getByRole("button", { name: "Download as ONNX" }).isVisible()) {
          const answers = page.locator(".answers");
          const { file, answer } = dropped[paper] ?? {};
          if (file && answer) {
            await drop(page, file);
            await until("an answer", async () => answer.test(await answers.innerText()));
          }
          await checkOnnx(page, paper, file ? await answers.innerText() : "");
        }
        if (await page.locator("#presets").isVisible()) await checkSizes(page);
      }),
  };
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

/** Downloads the model and runs it by ONNX Runtime in Node. */
async function checkOnnx(page: Page, paper: string, answered: string): Promise<void> {
  const coming = page.waitForEvent("download", {
    predicate: (download) => download.suggestedFilename().endsWith(".onnx"),
  });
  await page.getByRole("button", { name: "Download as ONNX" }).click();
  const path = await (await coming).path();
  const session = await InferenceSession.create(readFileSync(path));
  const feeds = Object.fromEntries(
    session.inputMetadata.map((input) => {
      if (!input.isTensor) throw new Error("inputs are tensors");
      const shape = input.shape.map((size) => (typeof size === "number" ? size : 4));
      const length = shape.reduce((product, size) => product * size, 1);
      const isWhole = input.type === "int32";
      const data = isWhole
        ? Int32Array.from({ length }, (_, i) => i % 7)
        : Float32Array.from({ length }, (_, i) => (i % 11) / 11);
      return [input.name, new Tensor(isWhole ? "int32" : "float32", data, shape)];
    }),
  );
  const outputs = await session.run(feeds);
  for (const output of Object.values(outputs)) {
    ok((output.data as Float32Array).every((value) => Number.isFinite(value)));
  }
  if (paper === "cct") await checkSameAnswer(session, answered);
}

/** What the page says of a picture is what the file says of it, by Node's runtime, digit by digit. */
async function checkSameAnswer(session: InferenceSession, answered: string): Promise<void> {
  const side = 24;
  const picture = sharp(await contentOf("picture.png")).removeAlpha();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const grey = new Float32Array(side * side);
  const span = (place: number, pixels: number): [number, number] => {
    const from = Math.floor((place * pixels) / side);
    return [from, Math.max(from + 1, Math.floor(((place + 1) * pixels) / side))];
  };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [rows, columns] = [span(y, info.height), span(x, info.width)];
      let sum = 0;
      let count = 0;
      for (let row = rows[0]; row < rows[1]; row++) {
        for (let column = columns[0]; column < columns[1]; column++) {
          const at = 3 * (row * info.width + column);
          sum += ((data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number)) / 3;
          count += 1;
        }
      }
      grey[y * side + x] = Math.floor(sum / count) / 255;
    }
  }
  const { probabilities } = await session.run({
    images: new Tensor("float32", grey, [1, 1, side, side]),
  });
  const said = [...answered.matchAll(/([\d.]+) %/g)].map(([, share]) => share);
  const found = [...((probabilities as Tensor).data as Float32Array)]
    .sort((a, b) => b - a)
    .map((share) => (100 * share).toFixed(1));
  strictEqual(said.join(), found.join());
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
  ok(Object.keys(dropped).every((id) => shown.includes(id)));
  const tried = shown.filter((id) => !isShort || id === QUICK);
  return [...tried.map(pageCheck), offline, still, ...(isShort ? [] : [gpu])];
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
