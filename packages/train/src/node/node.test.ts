import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initialize, Linear } from "@quire/nn";
import { hostTensor } from "@quire/tensor";
import { afterAll, expect, test } from "vitest";
import { writeSafetensors } from "../safetensors.ts";
import { loadModelFile, loadSafetensors, saveModel, writeFileAtomic } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a model goes into a file and into another model", async () => {
  const [from, to] = [new Linear({ in: 2, out: 3 }), new Linear({ in: 2, out: 3 })];
  initialize(from, 1);
  initialize(to, 2);
  const path = join(folder, "model.safetensors");
  await saveModel(path, from, { title: "a layer" });
  await loadModelFile(path, to);
  expect(await to.weight.get()).toEqual(await from.weight.get());
  expect(await to.bias?.get()).toEqual(await from.bias?.get());
  const { tensors, metadata } = await loadSafetensors(path);
  expect(metadata).toEqual({ title: "a layer" });
  expect(readFileSync(path)).toEqual(Buffer.from(writeSafetensors({ tensors, metadata })));
});

test("a file is written whole or not at all", async () => {
  const path = join(folder, "kept.txt");
  writeFileSync(path, "old");
  const broken = function* (): Generator<Uint8Array> {
    yield Buffer.from("new");
    throw new Error("the disk is full");
  };
  await expect(writeFileAtomic(path, broken())).rejects.toThrow("the disk is full");
  expect(readFileSync(path, "utf8")).toBe("old");
  await writeFileAtomic(path, [Buffer.from("n"), Buffer.from("ew")]);
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("files that cannot be read are named", async () => {
  const absent = join(folder, "absent.safetensors");
  await expect(loadSafetensors(absent)).rejects.toThrow(
    `${absent}: there is no such file; give the path of a safetensors file.`,
  );
  const cut = join(folder, "cut.safetensors");
  const whole = writeSafetensors({ tensors: new Map([["a", hostTensor([1, 2])]]) });
  writeFileSync(cut, whole.subarray(0, whole.length - 1));
  await expect(loadSafetensors(cut)).rejects.toThrow(
    `${cut}: This is not a whole safetensors file: its tensors take 8 bytes, the file holds 7.`,
  );
  writeFileSync(cut, "");
  await expect(loadSafetensors(cut)).rejects.toThrow(
    `${cut}: This is not a whole safetensors file: it has 0 bytes, too few for a header.`,
  );
});
