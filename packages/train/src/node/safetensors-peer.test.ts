import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSafetensorsMetadata, type SafetensorsParseFromRepo } from "@huggingface/hub";
import { initialize, Linear } from "@quire/nn";
import { hostTensor } from "@quire/tensor";
import { afterAll, expect, test } from "vitest";
import { saveModel } from "./safetensors-file.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-peer-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Answers requests for parts of a file as a hub does. */
function serving(bytes: Buffer): typeof fetch {
  return (url, init) => {
    if (!String(url).endsWith("/model.safetensors")) {
      const headers = { "X-Error-Code": "EntryNotFound" };
      return Promise.resolve(new Response("", { status: 404, headers }));
    }
    const [, from = "0", to] =
      /(\d+)-(\d+)/.exec(new Headers(init?.headers).get("Range") ?? "") ?? [];
    const end = to === undefined ? bytes.length : Math.min(Number(to) + 1, bytes.length);
    const headers = {
      "Content-Range": `bytes ${from}-${end - 1}/${bytes.length}`,
      "Content-Length": String(end - Number(from)),
      ETag: '"file"',
    };
    const part = new Uint8Array(bytes.subarray(Number(from), end));
    return Promise.resolve(new Response(part, { status: 206, headers }));
  };
}

test("Hugging Face's own reader finds every tensor of our files, and the values are where it says", async () => {
  const model = new Linear({ in: 5, out: 3 });
  initialize(model, 1);
  await model.bias?.set(hostTensor([0.5, -2, 3e-8], [3]));
  const path = join(folder, "model.safetensors");
  await saveModel(path, model, { title: "a layer" });
  const found = await parseSafetensorsMetadata({
    repo: "any/model",
    path: "model.safetensors",
    fetch: serving(readFileSync(path)),
    computeParametersCount: true,
  });
  expect(found).toMatchObject({
    sharded: false,
    header: {
      __metadata__: { title: "a layer" },
      bias: { dtype: "F32", shape: [3], data_offsets: [0, 12] },
      weight: { dtype: "F32", shape: [3, 5], data_offsets: [12, 72] },
    },
    parameterCount: { F32: 18 },
  });
  const { header } = found as SafetensorsParseFromRepo & { sharded: false };
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const valuesOf = (name: string): number[] => {
    const [from, to] = (header[name] as { data_offsets: [number, number] }).data_offsets;
    const part = bytes.subarray(start + from, start + to);
    return Array.from({ length: part.length / 4 }, (_, i) => part.readFloatLE(4 * i));
  };
  expect(valuesOf("bias")).toEqual([0.5, -2, Math.fround(3e-8)]);
  expect(valuesOf("weight")).toEqual((await model.weight.get()).toArray());
});
