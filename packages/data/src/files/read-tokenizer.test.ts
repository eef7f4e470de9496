import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { trainBpe } from "../tokenizers/train-bpe.ts";
import { readTokenizer, writeTokenizer } from "./read-tokenizer.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-tokenizer-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a tokenizer is written whole and read again, also with a byte-order mark", async () => {
  const path = join(folder, "tokenizer.json");
  const trained = trainBpe(["the cat sat on the mat"], { size: 260 });
  await writeTokenizer(path, trained);
  expect(await readdir(folder)).toEqual(["tokenizer.json"]);
  expect((await readTokenizer(path)).encode("the mat")).toEqual(trained.encode("the mat"));
  await writeFile(path, `\uFEFF${await readFile(path, "utf8")}`);
  expect((await readTokenizer(path)).toJson()).toEqual(trained.toJson());
});

test("a tokenizer that is not there is named", async () => {
  const path = join(folder, "none.json");
  await expect(readTokenizer(path)).rejects.toThrow(
    new DataError(`tokenizer "${path}" does not exist: check the path.`),
  );
});
