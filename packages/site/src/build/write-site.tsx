import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ExperimentResult, Figure } from "@quire/papers";
import type { ComponentChildren } from "preact";
import { render } from "preact-render-to-string";
import { Home } from "../components/home.tsx";
import { PlannedPage } from "../components/paper-head.tsx";
import { PaperPage } from "../components/paper-page.tsx";
import { RunsPage } from "../components/runs-page.tsx";
import { Shell } from "../components/shell.tsx";
import type { Entry } from "../entry.ts";
import { Meaning } from "../search/meaning.ts";
import { type Bundle, bundleServiceWorker, bundleSite } from "./bundle.ts";
import { gatherCatalogue } from "./catalogue.ts";
import { trainMeaning } from "./feature-encoder.ts";
import { makeHighlighter } from "./notes.ts";
import { contentOf } from "./paper-content.ts";
import { encoderTexts } from "./texts.ts";

/** Draws what was measured as HTML, as reports do. */
export interface Draw {
  figure(figure: Figure): Promise<string>;
  /** A table of the systems. */
  systems(result: ExperimentResult): string;
  /** Learning curves; empty where there are none. */
  curves(result: ExperimentResult): Promise<string>;
}

/** What a site is built from. */
export interface SiteOptions {
  /** The folder that is written. */
  readonly out: string;
  /** The folder of results, where there is one. */
  readonly results?: string;
  readonly draw: Draw;
  readonly onProgress?: (doing: string) => void;
}

/** Seed of the encoder of searches. */
const SEED = 1;

/** Writes the pages as static files. */
export async function buildSite({
  out: folder,
  results,
  draw,
  onProgress,
}: SiteOptions): Promise<void> {
  // The bundler would take a relative path from its own root.
  const out = resolve(folder);
  onProgress?.("Reading the papers");
  const catalogue = await gatherCatalogue(results);
  const { entries, running, asked } = catalogue;
  onProgress?.("Training the encoder of searches");
  const { file } = await trainMeaning(encoderTexts(entries, asked), SEED);
  const meaning = new Meaning(file);
  onProgress?.("Bundling");
  await rm(join(out, "assets"), { recursive: true, force: true });
  const having = (part: "demonstration" | "onFile"): string[] =>
    [...running].filter(([, one]) => one[part] !== undefined).map(([id]) => id);
  const bundle = await bundleSite(out, {
    ...{ ids: [...running.keys()], shown: having("demonstration"), methods: having("onFile") },
  });
  await rm(join(out, ".vite"), { recursive: true, force: true });
  const highlight = await makeHighlighter();
  const write = (path: string, text: string): Promise<void> => written(join(out, path), text);
  const page = pageWriter(write, bundle);
  onProgress?.("Writing the pages");
  await page("index.html", "listing", homeFacts(entries), <Home entries={entries} />);
  await page("runs/index.html", "runs", runsFacts, <RunsPage />);
  for (const entry of entries) {
    const near = meaning.neighbours(entry.id, 5);
    const neighbours = near.flatMap((id) => entries.find((other) => other.id === id) ?? []);
    const one = running.get(entry.id);
    const facts = { title: `${entry.title} · Quire`, description: entry.summary };
    const path = `papers/${entry.id}/index.html`;
    if (one) {
      const content = await contentOf({ entry, neighbours, running: one, draw, highlight });
      const { demonstration = null, onFile = null } = one;
      const data = { paper: { id: entry.id, task: entry.task, demonstration, onFile } };
      await page(path, "paper", { ...facts, data }, <PaperPage content={content} />);
    } else {
      await page(path, "paper", facts, <PlannedPage entry={entry} neighbours={neighbours} />);
    }
  }
  await write("meaning.json", JSON.stringify(file));
  await write("icon.svg", icon);
  await write("theme.js", themeScript);
  const shell = ["index.html", "theme.js", "icon.svg", "meaning.json", ...bundle.shell];
  const version = createHash("sha256").update(shell.join()).digest("hex").slice(0, 12);
  await bundleServiceWorker(out, shell, version);
}

/** What writes a page: a component in its shell. */
function pageWriter(write: (path: string, text: string) => Promise<void>, bundle: Bundle) {
  return (
    path: string,
    script: keyof typeof bundle.scripts,
    { title, description, data }: PageFacts,
    children: ComponentChildren,
  ): Promise<void> => {
    const root = path.split("/").slice(1).fill("..").join("/") || ".";
    const html = render(
      <Shell
        {...{ title, description, root, styles: [bundle.style], script: bundle.scripts[script] }}
        {...(data && { data })}
      >
        {children}
      </Shell>,
    );
    return write(path, `<!doctype html>\n${html}\n`);
  };
}

interface PageFacts {
  readonly title: string;
  readonly description: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function homeFacts(entries: readonly Entry[]): PageFacts {
  return {
    title: "Quire: transformer papers that run",
    description: "Transformer papers that train in a page, beside their code and their claims.",
    data: { entries },
  };
}

const runsFacts: PageFacts = {
  title: "Runs · Quire",
  description: "The trainings of this machine, live.",
};

/** Sets the theme that was chosen before anything is drawn. */
const themeScript =
  'try{const t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch{}\n';

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#b4552d" stroke-width="2">' +
  '<path d="M12 20V6M12 6c-2.5-2-5.5-2.5-9-2.5V17c3.5 0 6.5.7 9 3M12 6c2.5-2 5.5-2.5 9-2.5V17c-3.5 0-6.5.7-9 3"/></svg>\n';

async function written(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
