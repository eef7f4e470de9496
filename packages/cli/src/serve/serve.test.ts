import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ApplicationOptions, application } from "./application.ts";
import { Trainings } from "./trainings.ts";

const LOOPBACK = ["localhost", "127.0.0.1"];
let folder = "";
let [site, runs] = ["", ""];
const open: { server: Server; trainings: Trainings }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "quire-serve-"));
  [site, runs] = [join(folder, "site"), join(folder, "runs")];
  for (const path of [site, join(runs, "cct-1"), join(runs, "uploads")]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(join(site, "index.html"), "<h1>pages</h1>");
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "report.html"), "secret");
  const model = { task: "image-classification", paper: "cct", options: {}, target: {} };
  const training = {
    recipe: { epochs: 3 },
    metrics: [{ name: "accuracy", as: "share", better: "higher" }],
  };
  const config = { format: 2, model, training, written: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(runs, "cct-1/config.json"), JSON.stringify(config));
  writeFileSync(join(runs, "cct-1/metrics.jsonl"), '{"epoch":1,"accuracy":0.5}\n');
  writeFileSync(join(runs, "cct-1/report.html"), "<script>alert(1)</script>");
  symlinkSync(folder, join(runs, "link"));
});

afterEach(() => {
  for (const { server, trainings } of open.splice(0)) {
    trainings.end();
    server.closeAllConnections();
    server.close();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program in the place of the quire command: it says what it was started with, or fails. */
const echo = "console.error(JSON.stringify(process.argv.slice(1))); process.exit(2)";
/** Processes start slowly on a busy machine. */
const PATIENT = { timeout: 10_000 };
const sleeper = "setTimeout(() => undefined, 60_000)";

async function started(options: Partial<ApplicationOptions> = {}, program = echo): Promise<string> {
  const trainings = new Trainings(runs, [process.execPath, "-e", program, "--"]);
  const app = application({ site, runs, trainings, names: LOOPBACK, ...options });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server;
  await new Promise((resolve) => server.once("listening", resolve));
  open.push({ server, trainings });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function post(base: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(base + path, {
    method: "POST",
    headers: { origin: base, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

function put(base: string, path: string, body: string) {
  return fetch(base + path, { method: "PUT", headers: { origin: base }, body });
}

async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: string }).error;
}

/** Sends bytes as they are, which no client does; gives the answer. */
function raw(base: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(base).port), "127.0.0.1", () => socket.end(bytes));
    let answer = "";
    socket.on("data", (part) => {
      answer += part.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("pages and runs are handed out, isolated so that they may have threads", async () => {
  const base = await started();
  const page = await fetch(`${base}/`);
  expect(await page.text()).toBe("<h1>pages</h1>");
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(page.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  const [run] = (await (await fetch(`${base}/api/runs`)).json()) as Record<string, unknown>[];
  expect(run).toMatchObject({ name: "cct-1", paper: "cct", epochs: 3, best: { value: 0.5 } });
});

test("a report can draw and nothing else", async () => {
  const report = await fetch(`${await started()}/api/runs/cct-1/report`);
  expect(await report.text()).toBe("<script>alert(1)</script>");
  expect(report.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
});

test.each([
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/%2e%2e%2fsecret.txt",
  "/..%5csecret.txt",
  "/assets/../../secret.txt",
  "//../secret.txt",
  "/index.html%00/../../secret.txt",
  "/api/runs/../report",
  "/api/runs/..%2f/report",
  "/api/runs/%2e%2e/report",
  "/api/runs/link/report",
])("%s leads nowhere", async (path) => {
  const base = await started();
  const answer = await raw(
    base,
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 40[0-4]/);
  expect(answer).not.toContain("secret");
});

test("files are taken into the folder of uploads and nowhere else", async () => {
  const base = await started();
  for (const name of [
    "..%2fevil.csv",
    "%2e%2e%2f%2e%2e%2fevil.csv",
    ".hidden",
    "a%2fb.csv",
    "a%00b",
  ]) {
    const response = await put(base, `/api/files/${name}`, "x");
    expect(response.status, name).toBeGreaterThanOrEqual(400);
  }
  expect((await put(base, "/api/files/mine.csv", "a,b\n1,2\n")).status).toBe(200);
  expect(readFileSync(join(runs, "uploads/mine.csv"), "utf8")).toBe("a,b\n1,2\n");
  expect(readdirSync(join(runs, "uploads"))).toEqual(["mine.csv"]);
  expect(readdirSync(folder).sort()).toEqual(["report.html", "runs", "secret.txt", "site"]);
});

test("bodies that are too long are refused, with and without a length said", async () => {
  const base = await started();
  const long = JSON.stringify({ paper: "x".repeat(20_000) });
  const response = await post(base, "/api/runs", long);
  expect([response.status, await errorOf(response)]).toEqual([413, "That is too long."]);
  const { port, hostname } = new URL(base);
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { origin: base, "content-type": "application/json" };
    const sent = httpRequest(
      { port, hostname, method: "POST", path: "/api/runs", headers },
      ({ statusCode }) => resolve(statusCode ?? 0),
    );
    sent.on("error", reject);
    sent.write(long.slice(0, 10_000));
    sent.end(long.slice(10_000));
  });
  expect(status).toBe(413);
  const huge = { "content-length": String(300 * 1024 * 1024), origin: base };
  const put = await raw(
    base,
    `PUT /api/files/big.csv HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${Object.entries(huge)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\r\n")}\r\n\r\nx`,
  );
  expect(put).toMatch(/^HTTP\/1\.1 413/);
  expect((await fetch(base)).status).toBe(200);
});

test.each(["", "{", "[]", "null", "7", '"text"', '{"paper":', "\u0000"])(
  "the body %j is refused with a sentence",
  async (body) => {
    const response = await post(await started(), "/api/runs", body);
    expect([response.status, await errorOf(response)]).toEqual([
      400,
      "The message is no JSON object.",
    ]);
  },
);

test("requests that are no HTTP end their connection alone", async () => {
  const base = await started();
  expect(await raw(base, "\u0016\u0003\u0001 what is this\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/);
  expect(
    await raw(base, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"y".repeat(40_000)}\r\n\r\n`),
  ).toMatch(/^HTTP\/1\.1 431/);
  expect((await fetch(base)).status).toBe(200);
});

test("another site's page changes nothing, and another name reads nothing", async () => {
  const base = await started();
  const order = { paper: "cct", file: "mine.csv" };
  const other = "https://elsewhere.example";
  for (const headers of [
    { origin: other },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    const response = await post(base, "/api/runs", order, headers);
    expect([response.status, await errorOf(response)]).toEqual([
      403,
      "Changes are made from the server's own pages only.",
    ]);
  }
  const plain = await post(base, "/api/runs", order, { "content-type": "text/plain" });
  expect(plain.status).toBe(400);
  const bare = await fetch(`${base}/api/runs/cct-1/stop`, { method: "POST" });
  expect(bare.status).toBe(403);
  const named = await raw(
    base,
    "GET /api/runs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
  );
  expect(named).toMatch(/^HTTP\/1\.1 403/);
  expect(named).not.toContain("cct-1");
});

test("with a token nothing is told without it, and a wrong one is refused", async () => {
  const token = "aW5kZWVkIGEgc2VjcmV0";
  const base = await started({ names: "any", token });
  const authorization = (of: string) => ({ headers: { authorization: `Bearer ${of}` } });
  const why = "Open the address that quire serve printed: it holds the token.";
  for (const [path, options] of [
    ["/", {}],
    ["/api/runs", {}],
    ["/api/events", {}],
    ["/?token=wrong", {}],
    ["/api/runs", authorization("wrong")],
    ["/api/runs", authorization(token.slice(0, -1))],
    ["/api/runs", { headers: { cookie: "quire-token=wrong" } }],
  ] as const) {
    const response = await fetch(base + path, options);
    expect([path, response.status, await errorOf(response)]).toEqual([path, 401, why]);
  }
  expect((await fetch(`${base}/api/runs`, authorization(token))).status).toBe(200);
  const first = await fetch(`${base}/?token=${token}`, { redirect: "manual" });
  expect([first.status, first.headers.get("location")]).toEqual([303, "/"]);
  const cookie = first.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  const [pair = ""] = cookie.split(";");
  expect((await fetch(`${base}/`, { headers: { cookie: pair } })).status).toBe(200);
});

test("200 connections that are held open hear of a change, and others are served meanwhile", async () => {
  const base = await started();
  const ends = new AbortController();
  const readers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const { body } = await fetch(`${base}/api/events`, { signal: ends.signal });
      return (body as ReadableStream<Uint8Array>).getReader();
    }),
  );
  const heard = (reader: (typeof readers)[number], text: string): Promise<boolean> =>
    (async () => {
      const decoder = new TextDecoder();
      for (let all = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) return false;
        all += decoder.decode(value, { stream: true });
        if (all.includes(text)) return true;
      }
    })();
  writeFileSync(
    join(runs, "cct-1/metrics.jsonl"),
    '{"epoch":1,"accuracy":0.5}\n{"epoch":2,"accuracy":0.875}\n',
  );
  const all = Promise.all(readers.map((reader) => heard(reader, "0.875")));
  expect((await fetch(base)).status).toBe(200);
  expect(new Set(await all)).toEqual(new Set([true]));
  ends.abort();
  expect((await fetch(`${base}/api/runs`)).status).toBe(200);
});

test("a training is started with a list of words, and says why it failed", async () => {
  const base = await started();
  await put(base, "/api/files/table.csv", "a,b\n1,2\n");
  const order = { paper: "excelformer", file: "table.csv", column: "b; touch x", epochs: 2 };
  const answer = await post(base, "/api/runs", order);
  expect([answer.status, await answer.json()]).toEqual([201, { name: "excelformer-1" }]);
  await expect
    .poll(async () => {
      const all = (await (await fetch(`${base}/api/runs`)).json()) as {
        name: string;
        why?: string;
      }[];
      return all.find(({ name }) => name === "excelformer-1")?.why;
    }, PATIENT)
    .toContain(
      JSON.stringify([
        "train",
        "excelformer",
        "--data",
        join(runs, "uploads/table.csv"),
        "--target=b; touch x",
        "--epochs=2",
        "--out",
        runs,
        "--name",
        "excelformer-1",
        "--quiet",
      ]),
    );
});

test.each([
  [{ paper: "nothing", file: "table.csv" }, "Choose one of the papers that run."],
  [{ paper: "cct", file: "../secret.txt" }, "Send a file first, then name it."],
  [{ paper: "cct", file: "absent.csv" }, "Send a file first, then name it."],
  [{ paper: "excelformer", file: "mine.csv" }, "Name the column that is predicted."],
  [{ paper: "informer", file: "mine.csv", horizon: 4 }, "Name the column that is forecast."],
  [{ paper: "informer", file: "mine.csv", column: "a" }, "Say how many steps are forecast."],
  [
    { paper: "linktransformer", file: "mine.csv" },
    "Name the column that says which rows are the same thing.",
  ],
])("the order %j is refused", async (order, why) => {
  const response = await post(await started(), "/api/runs", order);
  expect([response.status, await errorOf(response)]).toEqual([400, why]);
});

test("trainings are stopped, no more than two run, and a run that has not ended goes on", async () => {
  const base = await started({}, sleeper);
  const order = { paper: "excelformer", file: "mine.csv", column: "b" };
  const names: string[] = [];
  for (let i = 0; i < 2; i++) {
    names.push(((await (await post(base, "/api/runs", order)).json()) as { name: string }).name);
  }
  const third = await post(base, "/api/runs", order);
  expect([third.status, await errorOf(third)]).toEqual([
    409,
    "Two trainings run already: stop one first.",
  ]);
  expect((await post(base, `/api/runs/${names[0]}/stop`, {})).status).toBe(200);
  await expect
    .poll(async () => (await post(base, `/api/runs/${names[0]}/stop`, {})).status, PATIENT)
    .toBe(409);
  expect((await post(base, "/api/runs/none/resume", {})).status).toBe(404);
});
