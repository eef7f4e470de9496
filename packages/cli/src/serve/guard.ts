import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

const COOKIE = "quire-token";
/** How long a browser keeps the token. */
const COOKIE_SECONDS = 7 * 24 * 3600;

/** Who may ask. */
export interface GuardOptions {
  /** Names that the server is called by, such as `localhost` and `127.0.0.1`; all where the token guards. */
  readonly names: readonly string[] | "any";
  /** What every request must bring, where the server is open to others. */
  readonly token?: string;
}

/** Refuses what comes by another name, from another site's page, or without the token. */
export function guard({ names, token }: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host") ?? "";
    if (names !== "any" && !names.includes(host.replace(/:\d+$/, ""))) {
      return refuse(context, 403, "This server is called by another name.");
    }
    if (isChange(context) && !isFromOurPages(context, host)) {
      return refuse(context, 403, "Changes are made from the server's own pages only.");
    }
    if (token === undefined || hasToken(context, token)) return await next();
    if (!isEqual(context.req.query("token") ?? "", token)) {
      return refuse(context, 401, "Open the address that quire serve printed: it holds the token.");
    }
    setCookie(context, COOKIE, token, {
      ...{ httpOnly: true, sameSite: "Strict", path: "/", maxAge: COOKIE_SECONDS },
    });
    return context.redirect(new URL(context.req.url).pathname, 303);
  };
}

function isChange({ req }: Context): boolean {
  return req.method !== "GET" && req.method !== "HEAD";
}

/** Browsers say which site's page makes a change; what says nothing is no browser of today, and is refused too. */
function isFromOurPages({ req }: Context, host: string): boolean {
  const site = req.header("sec-fetch-site") ?? "same-origin";
  return hostOf(req.header("origin") ?? "") === host && site === "same-origin";
}

function hasToken(context: Context, token: string): boolean {
  const bearer = /^Bearer (.+)$/.exec(context.req.header("authorization") ?? "")?.[1];
  return isEqual(getCookie(context, COOKIE) ?? bearer ?? "", token);
}

/** Answers with one sentence. */
export function refuse(context: Context, status: 400 | 401 | 403 | 404 | 409 | 413, error: string) {
  return context.json({ error }, status);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** Compares hashes, so that neither the time nor the length says how much of it was right. */
function isEqual(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
