import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { command } from "../command.ts";
import { RunError, UsageError } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { text, whole, withDefault } from "../option.ts";
import { RESULTS } from "../results.ts";
import { RUNS } from "../run-folder.ts";
import { application } from "../serve/application.ts";
import { pagesFor } from "../serve/pages.ts";
import { Trainings } from "../serve/trainings.ts";

/** Names by which this machine calls itself. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]", "::1"];

/** Opens the pages, with the runs of this machine. */
export const serveCommand = command({
  name: "serve",
  summary: "Open the pages, with the runs of this machine live",
  arguments: [],
  options: {
    port: withDefault(whole("Port", { from: 0, to: 65_535 }), 4173),
    host: withDefault(
      text("ADDRESS", "Address to listen on; another than this machine's own asks for a token"),
      "127.0.0.1",
    ),
    runs: withDefault(text("FOLDER", "Folder of the runs"), RUNS),
    results: withDefault(text("FOLDER", "Folder of what quire reproduce measured"), RESULTS),
    site: text("FOLDER", "Pages that quire site build wrote; made where needed unless said"),
  },
  examples: ["quire serve", "quire serve --port 8080", "quire serve --host 0.0.0.0"],
  run: async (_given, { port, host, runs, results, site }, { console, interruptible }) => {
    if (site !== undefined && !existsSync(join(site, "index.html"))) {
      throw new UsageError(
        `"${site}" holds no pages: write them with quire site build --out ${site}.`,
      );
    }
    await makeFolder(runs);
    const pages = site ?? (await pagesFor(results, (doing) => console.note(`${doing} ...`)));
    const isOpen = !LOOPBACK.includes(host);
    const token = isOpen ? randomBytes(24).toString("base64url") : undefined;
    const binary = fileURLToPath(new URL("../../bin/quire.js", import.meta.url));
    const trainings = new Trainings(runs, [process.execPath, binary]);
    const app = application({
      ...{ site: pages, runs, trainings, names: isOpen ? "any" : LOOPBACK },
      ...(token !== undefined && { token }),
    });
    const server = await listen(app.fetch, host, port);
    const address = `http://${host.includes(":") ? `[${host}]` : host}:${portOf(server)}/`;
    console.print(`Open ${address}${token === undefined ? "" : `?token=${token}`}`);
    console.result({ address, ...(token !== undefined && { token }) });
    const signal = interruptible();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    trainings.end();
    server.closeAllConnections();
    server.close();
  },
});

type Fetch = Parameters<typeof serve>[0]["fetch"];

async function listen(fetch: Fetch, hostname: string, port: number): Promise<Server> {
  const server = serve({ fetch, hostname, port }) as Server;
  await new Promise((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", ({ message }) => {
      reject(new RunError(`The server cannot listen on ${hostname}:${port}: ${message}.`));
    });
  });
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
