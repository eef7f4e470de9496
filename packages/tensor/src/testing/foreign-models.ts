import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";

/** Where `npm run models:setup` puts the packages; another folder of packages where a variable names one. */
const folder =
  process.env["QUIRE_ONNX_MODELS"] ??
  fileURLToPath(new URL("../../../../models/node_modules", import.meta.url));

/** The path of a file in a package of models; the test is skipped where the package is not installed. */
export function foreignFile(file: string, { skip }: Pick<TestContext, "skip">): string {
  const path = join(folder, file);
  if (!existsSync(path)) skip(`${file} is not installed: run "npm run models:setup" first`);
  return path;
}
