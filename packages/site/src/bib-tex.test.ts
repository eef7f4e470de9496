import { expect, test } from "vitest";
import { bibTex } from "./bib-tex.ts";

test("an entry holds what is known, and nothing that TeX would take for its own", () => {
  const known = { id: "cats-dogs", title: "Cats & Dogs: 100% BERT", year: 2021 };
  expect(bibTex(known)).toBe(
    "@misc{cats-dogs,\n  title = {{Cats \\& Dogs: 100\\% BERT}},\n  year = {2021},\n}",
  );
  expect(bibTex({ ...known, authors: ["Ada B. Lee", "Bo Ek"], arXiv: "2104.05704" })).toBe(
    [
      "@misc{cats-dogs,",
      "  title = {{Cats \\& Dogs: 100\\% BERT}},",
      "  author = {Ada B. Lee and Bo Ek},",
      "  year = {2021},",
      "  eprint = {2104.05704},",
      "  archivePrefix = {arXiv},",
      "  url = {https://arxiv.org/abs/2104.05704},",
      "}",
    ].join("\n"),
  );
});
