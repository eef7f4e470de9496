import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import { type GuardOptions, guard, refuse } from "./guard.ts";
import { runRoutes } from "./run-routes.ts";
import type { Trainings } from "./trainings.ts";

/** What a server is made of. */
export interface ApplicationOptions extends GuardOptions {
  /** The folder of the pages. */
  readonly site: string;
  /** The folder of the runs. */
  readonly runs: string;
  readonly trainings: Trainings;
}

/** A report shows what a run's data held: it may draw, and nothing else. */
const REPORT_POLICY =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The worker that papers run in, alone, may run the text of a program that a network became. */
const WORKER_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; worker-src 'self' blob:";

/** The pages and the runs as an application: requests come in, responses go out. */
export function application(options: ApplicationOptions): Hono {
  const app = new Hono();
  app.use("/api/runs/:name/report", async (context, next) => {
    await next();
    context.header("content-security-policy", REPORT_POLICY);
  });
  app.use("/assets/:file{worker-.+}", async (context, next) => {
    await next();
    context.header("content-security-policy", WORKER_POLICY);
  });
  app.use(
    secureHeaders({
      // Isolated pages may have threads.
      crossOriginEmbedderPolicy: "require-corp",
      crossOriginOpenerPolicy: "same-origin",
      crossOriginResourcePolicy: "same-origin",
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    }),
  );
  app.use(guard(options));
  app.route("/api", runRoutes(options));
  app.use(compress());
  app.get("*", serveStatic({ root: options.site }));
  app.notFound((context) => refuse(context, 404, "There is nothing here."));
  app.onError((error, context) => {
    const { status } = error as { status?: number };
    if (status === 413) return refuse(context, 413, "That is too long.");
    process.stderr.write(`${error.message}\n`);
    return context.json({ error: "Something went wrong here." }, 500);
  });
  return app;
}
