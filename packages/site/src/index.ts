/** The pages of the papers, written as static files. */
export { callOf, commandsOf } from "./build/usage.ts";
export { buildSite, type Draw, type SiteOptions } from "./build/write-site.tsx";
