import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { siteDraw } from "../report/site-draw.ts";

/** Pages are made again when a paper, a result or the site itself changes; until then those of before are served. */
export async function pagesFor(
  results: string,
  onProgress: (doing: string) => void,
): Promise<string> {
  const require = createRequire(import.meta.url);
  const sources = ["@quire/papers", "@quire/site"].map((name) =>
    join(dirname(require.resolve(`${name}/package.json`)), "src"),
  );
  const hash = createHash("sha256");
  for (const folder of [...sources, results]) hash.update(stateOf(folder));
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const out = join(cache, "quire", `pages-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(join(out, "service-worker.js"))) return out;
  await rm(out, { recursive: true, force: true });
  const { buildSite } = await import("@quire/site");
  await buildSite({ out, draw: siteDraw, ...(existsSync(results) && { results }), onProgress });
  return out;
}

/** Names, sizes and times of all files below a folder. */
function stateOf(folder: string): string {
  if (!existsSync(folder)) return "";
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .join("\n");
}
