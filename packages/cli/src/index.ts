/** What the quire command does to tables, as functions. */
export {
  type GroupTableOptions,
  groupTable,
  type LinkTablesOptions,
  linkTables,
} from "./linkage/link-tables.ts";
export { openLinker } from "./linkage/open-model.ts";
