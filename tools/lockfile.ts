import type { Checker, Finding, House } from "./finding.ts";

/** What the lockfile says of one package. */
export interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A lockfile, by the paths of its packages. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, Locked>>;
}

interface Missing {
  readonly name: string;
  readonly version: string;
  readonly parent: Locked;
}

/** The lockfile's path. */
export const lockfilePath = "package-lock.json";

/**
 * Checks that the lockfile names the binaries of every platform. A registry that lacks some of
 * them makes npm leave them out, and then `npm ci` refuses the lockfile.
 */
export const lockfile: Checker = { name: "lockfile", run: check };

function check(house: House): Finding[] {
  const source = house.sources.find(({ path }) => path === lockfilePath);
  if (source === undefined) return [];
  return missing(JSON.parse(source.text) as Lockfile).map(({ name }) => ({
    file: lockfilePath,
    line: source.text.split("\n").findIndex((line) => line.includes(`"${name}"`)) + 1,
    what: `the optional package ${name} is not locked`,
    advice: "run npm run lockfile and commit the lockfile",
  }));
}

/** Adds entries for the optional binaries that the lockfile leaves out. */
export function complete(locked: Lockfile): Lockfile {
  const added = missing(locked).map((found) => [`node_modules/${found.name}`, entry(found)]);
  const packages = [...Object.entries(locked.packages), ...added] as [string, Locked][];
  const sorted = packages.sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...locked, packages: Object.fromEntries(sorted) };
}

function missing(locked: Lockfile): Missing[] {
  const present = new Set(
    Object.keys(locked.packages).map((path) => path.split("node_modules/").at(-1)),
  );
  return Object.values(locked.packages).flatMap((parent) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name, version]) => !present.has(name) && /^[\d.]+$/.test(version))
      .map(([name, version]) => ({ name, version, parent })),
  );
}

const platform =
  /(android|darwin|freebsd|linux|win32|openharmony)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)/;

function entry({ name, version, parent }: Missing): Locked {
  const [, os, cpu] = platform.exec(name) ?? [];
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name} does not say its platform; lock it where the registry has it`);
  }
  const libc = name.includes("musl") ? "musl" : "glibc";
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true && { dev: true }),
    ...(os === "linux" && { libc: [libc] }),
    ...(parent.license !== undefined && { license: parent.license }),
    optional: true,
    os: [os],
    ...(parent.engines !== undefined && { engines: parent.engines }),
  };
}
