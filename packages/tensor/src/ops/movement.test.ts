import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { dtypes } from "../dtype.ts";
import type { Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import { movements } from "../testing/builders/movement.ts";
import { checkReferences } from "../testing/references.ts";
import { concat, roll, split } from "./join.ts";
import { pad } from "./pad.ts";
import { rearrange } from "./rearrange.ts";
import { slice } from "./slice.ts";
import { tile } from "./tile.ts";

checkReferences(movements);

test.each(dtypes)("%s moves", async (dtype) => {
  const move = compile((x: Tensor) => [
    slice(x, [2], [-4], { steps: [-2] }),
    concat([x, x]),
    ...split(x, [1, 2]),
    ...(["constant", "reflect", "edge"] as const).map((mode) =>
      pad(x, { before: [1], after: [2], mode, value: 1 }),
    ),
    tile(x, [2]),
    roll(x, [1], [0]),
    rearrange(x, "a -> b a", { b: 2 }),
  ]);
  const results = await move(hostTensor([0, 0, 1], [3], dtype));
  expect(results.map((result) => result.dtype)).toEqual(results.map(() => dtype));
  expect(results.map((result) => result.toArray())).toEqual([
    [1, 0],
    [0, 0, 1, 0, 0, 1],
    [0],
    [0, 1],
    [1, 0, 0, 1, 1, 1],
    [0, 0, 0, 1, 0, 0],
    [0, 0, 0, 1, 1, 1],
    [0, 0, 1, 0, 0, 1],
    [1, 0, 0],
    [0, 0, 1, 0, 0, 1],
  ]);
  await move.release();
});
