import { expect, test } from "vitest";
import { brainAtlas } from "./brain-atlas.ts";

test("an atlas that is not there is told how to be had", async () => {
  await expect(brainAtlas("nowhere")).rejects.toThrow(
    /^brainAtlas: there is no nowhere\/ch2\.nii\.gz: run "apt-get install mricron-data", or give the folder of its templates\.$/,
  );
});
