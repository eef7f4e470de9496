import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The commit of Quire's sources, with a plus where they were changed since; nothing outside a clone. */
export function commit(): string | undefined {
  return inClone((git) => {
    const isChanged = git("status", "--porcelain", "--untracked-files=no", "--", ":/") !== "";
    return git("rev-parse", "HEAD") + (isChanged ? "+" : "");
  });
}

/**
 * A name of the contents of all files that a paper's numbers come from, with a plus where one was changed since the last
 * commit; nothing outside a clone. What only shows numbers, tests and other papers leave it as it is.
 */
export function sourcesOf(paper: string): string | undefined {
  return inClone((git) => {
    const packages = dirname(git("rev-parse", "--show-prefix"));
    const listed = git("ls-tree", "-r", "--full-tree", "HEAD", `${packages}/`).split("\n");
    const blobs = listed.map((line) => line.split("\t") as [blob: string, path: string]);
    const counts = countsFor(
      paper,
      blobs.map(([, path]) => path),
    );
    const hash = createHash("sha1");
    for (const [blob, path] of blobs) if (counts(path)) hash.update(`${blob} ${path}\n`);
    const changed = git("diff", "--name-only", "HEAD", "--", ":/").split("\n").filter(counts);
    return hash.digest("hex") + (changed.length > 0 ? "+" : "");
  });
}

/** Packages that show what others measured. */
const SHOWING = /(^|\/)packages\/(cli|site)\//;

/** Tests, and what only they read. */
const TESTS = /\.test\.tsx?$|\/testing\/|\/references\//;

/** Tells of a path in the clone whether a paper's numbers can come from it. */
export function countsFor(paper: string, paths: readonly string[]): (path: string) => boolean {
  const others = paths
    .filter((path) => /\/papers\/src\/[^/]+\/paper\.ts$/.test(path))
    .map((path) => path.slice(0, path.lastIndexOf("/") + 1))
    .filter((folder) => !folder.endsWith(`/${paper}/`));
  return (path) =>
    /(^|\/)packages\//.test(path) &&
    !SHOWING.test(path) &&
    !TESTS.test(path) &&
    !others.some((folder) => path.startsWith(folder));
}

type Git = (...words: string[]) => string;

function inClone(read: (git: Git) => string): string | undefined {
  const folder = dirname(fileURLToPath(new URL("../package.json", import.meta.url)));
  const git: Git = (...words) =>
    execFileSync("git", words, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    git("ls-files", "--error-unmatch", "package.json");
    return read(git);
  } catch {
    return undefined;
  }
}
