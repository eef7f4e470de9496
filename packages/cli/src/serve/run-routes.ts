import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { loadPaper, paperIds } from "../papers.ts";
import type { ApplicationOptions } from "./application.ts";
import { refuse } from "./guard.ts";
import { Live } from "./live.ts";
import { orderOf } from "./order.ts";
import { listRuns, reportOf } from "./run-list.ts";
import { below, isName, UPLOADS } from "./run-names.ts";

/** Bytes of a message, and of a file of data, at most. */
const MOST_MESSAGE = 16 * 1024;
const MOST_FILE = 256 * 1024 * 1024;
/** Milliseconds between signs of life on a quiet connection. */
const ALIVE = 15_000;

/** What pages ask about runs. */
export function runRoutes({ runs, trainings }: ApplicationOptions): Hono {
  const app = new Hono();
  const live = new Live(() => listRuns(runs, trainings));

  app.get("/papers", async (context) => {
    const papers = await Promise.all(paperIds().map(loadPaper));
    return context.json(papers.map(({ id, title, task }) => ({ id, title, task })));
  });

  app.get("/runs", (context) => context.json(listRuns(runs, trainings)));

  app.get("/events", (context) =>
    streamSSE(context, async (stream) => {
      const end = live.listen((now) => {
        void stream.writeSSE({ event: "runs", data: JSON.stringify(now) });
      });
      stream.onAbort(end);
      while (!stream.aborted && !stream.closed) {
        await stream.sleep(ALIVE);
        await stream.writeSSE({ event: "alive", data: "" });
      }
    }),
  );

  app.get("/runs/:name/report", (context) => {
    const name = context.req.param("name");
    const report = below(runs, name) && reportOf(runs, name);
    if (!report) return refuse(context, 404, "This run has no report.");
    return context.html(report);
  });

  changeRoutes(app, { runs, trainings });
  return app;
}

/** What changes something: a file is sent, a training begun, stopped, resumed. */
function changeRoutes(
  app: Hono,
  { runs, trainings }: Pick<ApplicationOptions, "runs" | "trainings">,
): void {
  const message = bodyLimit({ maxSize: MOST_MESSAGE });
  app.put("/files/:name", bodyLimit({ maxSize: MOST_FILE }), async (context) => {
    const name = context.req.param("name");
    if (!isName(name)) return refuse(context, 400, "Give the file a plain name.");
    await mkdir(join(runs, UPLOADS), { recursive: true });
    await received(context, join(runs, UPLOADS, name));
    return context.json({ file: name });
  });

  app.post("/runs", message, async (context) => {
    const given = await objectOf(context);
    if (!given) return refuse(context, 400, "The message is no JSON object.");
    const order = await orderOf(runs, given);
    if (typeof order === "string") return refuse(context, 400, order);
    if (trainings.isFull) return refuse(context, 409, "Two trainings run already: stop one first.");
    return context.json({ name: trainings.start(order) }, 201);
  });

  app.post("/runs/:name/stop", message, (context) =>
    trainings.stop(context.req.param("name"))
      ? context.json({ stopped: true })
      : refuse(context, 409, "This server runs no such training."),
  );

  app.post("/runs/:name/resume", message, (context) => {
    const name = context.req.param("name");
    const run = listRuns(runs, trainings).find((one) => one.name === name);
    if (!run || !below(runs, name)) return refuse(context, 404, "There is no such run.");
    if (run.state === "done" || run.state === "training") {
      return refuse(context, 409, "Only a run that has not ended, and does not train, goes on.");
    }
    if (trainings.isFull) return refuse(context, 409, "Two trainings run already: stop one first.");
    trainings.resume(name, run.paper);
    return context.json({ name });
  });
}

/** Writes a body to a file beside, and moves it to its place when all of it came. */
async function received(context: Context, path: string): Promise<void> {
  const beside = `${path}.${process.pid}.${Date.now()}.part`;
  try {
    const { body } = context.req.raw;
    const source = body ? Readable.fromWeb(body as never) : Readable.from([]);
    await pipeline(source, createWriteStream(beside, { flags: "wx" }));
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

async function objectOf(context: Context): Promise<Record<string, unknown> | undefined> {
  if (!context.req.header("content-type")?.startsWith("application/json")) return undefined;
  try {
    const given: unknown = JSON.parse(await context.req.text());
    const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
    return isObject ? (given as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
