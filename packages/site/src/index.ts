/** The pages of the papers, written as static files. */
export { buildSite, type Draw, type SiteOptions } from "./build/write-site.tsx";
