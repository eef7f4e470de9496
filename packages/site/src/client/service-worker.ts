/** Keeps what was seen, so that a page that was loaded works without a network. */

/** The names of the files that every page needs, and what tells this build from others; written by the build. */
declare const SHELL: readonly string[];
declare const BUILD: string;

interface Waiting extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface WorkerScope extends EventTarget {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const scope = globalThis as unknown as WorkerScope;
const name = `quire-${BUILD}`;

async function install(): Promise<void> {
  const cache = await caches.open(name);
  await cache.addAll(SHELL.map((path) => new URL(path, scope.registration.scope).href));
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((key) => key !== name && key.startsWith("quire-"));
  await Promise.all(old.map((key) => caches.delete(key)));
  await scope.clients.claim();
}

/** What a built module imports before it runs: `from"./a.js"` and `import"./a.js"`, but not `import("./a.js")`. */
const imported = /(?:from|import)\s*["'](\.\/[^"']+\.js)["']/g;

/** Keeps files, and the modules that they import: a browser does not tell a worker of all that it fetched for it. */
async function keep(addresses: readonly string[]): Promise<void> {
  const cache = await caches.open(name);
  const waiting = [...addresses];
  const seen = new Set(waiting);
  for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
    if (!address.startsWith(scope.registration.scope) || isLive(address)) continue;
    if (!(await cache.match(address))) await cache.add(address).catch(() => undefined);
    if (!address.endsWith(".js")) continue;
    const text = (await (await cache.match(address))?.text()) ?? "";
    for (const [, path = ""] of text.matchAll(imported)) {
      const next = new URL(path, address).href;
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
}

/** What the server computes is never kept. */
function isLive(address: string): boolean {
  return new URL(address).pathname.includes("/api/");
}

/** Files whose names hold a hash never change; all others are asked for again while there is a network. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept && request.url.includes("/assets/")) return kept;
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request.url.split(/[?#]/)[0] ?? "", response.clone());
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

scope.addEventListener("install", (event) => (event as Waiting).waitUntil(install()));
scope.addEventListener("activate", (event) => (event as Waiting).waitUntil(activate()));
scope.addEventListener("message", (event) => {
  const { keep: addresses } = (event as MessageEvent<{ keep: string[] }>).data;
  (event as unknown as Waiting).waitUntil(keep(addresses));
});
scope.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const isOurs = request.url.startsWith(scope.registration.scope) && !isLive(request.url);
  if (request.method === "GET" && isOurs) (event as Fetching).respondWith(answer(request));
});
