import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { crashes } from "./crash.ts";

const program = fileURLToPath(new URL("../packages/cli/bin/quire.js", import.meta.url));

test("a training that is killed and resumed ends with the uninterrupted one's bytes", async () => {
  const found = await crashes({ program: join(program), kills: 4, seed: 2 });
  expect(found).toMatchObject({ kills: 4, different: [] });
}, 120_000);
