import { existsSync } from "node:fs";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { text, withDefault } from "../option.ts";
import { siteDraw } from "../report/site-draw.ts";
import { RESULTS } from "../results.ts";

/** Writes the pages as static files. */
export const siteCommand = command({
  name: "site",
  summary: "Write the pages of all papers as static files, for any web host",
  arguments: [{ name: "build", summary: "What is done: build" }],
  options: {
    out: withDefault(text("FOLDER", "Folder that is written"), "site"),
    results: withDefault(text("FOLDER", "Folder of what quire reproduce measured"), RESULTS),
  },
  examples: ["quire site build", "quire site build --out public"],
  run: async ([what = ""], { out, results }, { console }) => {
    if (what !== "build") {
      throw new UsageError(`site does not know "${what}": use quire site build.`);
    }
    await makeFolder(out);
    // Loaded here alone: it brings the bundler with it.
    const { buildSite } = await import("@quire/site");
    await buildSite({
      ...{ out, draw: siteDraw },
      ...(existsSync(results) && { results }),
      onProgress: (doing) => console.note(`${doing} ...`),
    });
    console.print(`Wrote the pages to "${out}"; quire serve opens them.`);
    console.result({ out });
  },
});
