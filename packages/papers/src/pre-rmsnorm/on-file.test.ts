import { initialize } from "@quire/nn";
import { exportOnnx, importOnnx, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { method } from "./method.ts";
import { build } from "./model.ts";

async function fileOf(form: "pre-ln" | "pre-rmsnorm"): Promise<Uint8Array> {
  const target = { size: 8, channels: 3, patch: 4, classes: 4 };
  const model = build({ shape: "vit", width: 16, depth: 2, heads: 2, form }, target);
  initialize(model, 1);
  const { model: bytes } = await exportOnnx((images: Tensor) => model.forward(images), {
    inputs: { images: { shape: ["batch", 3, 8, 8] } },
    outputs: ["scores"],
  });
  return bytes;
}

test("a file's norms are converted, with what that changes, and what cannot be read is told", async () => {
  if (typeof method.onFile === "string") throw new Error("It takes files.");
  const { answer } = method.onFile;
  const { figures, files } = await answer({
    kind: "file",
    name: "vit.onnx",
    bytes: await fileOf("pre-ln"),
  });
  const [said] = figures;
  if (said?.kind !== "text") throw new Error("a text");
  expect(said.text).toMatch(/^5 norms are RMSNorm now/);
  const largest = /Largest difference on 3 calls of random inputs: (\S+) /.exec(said.text)?.[1];
  expect(Number(largest)).toBeLessThan(1e-5);
  const made = importOnnx(files["vit-pre-rmsnorm.onnx"] ?? new Uint8Array());
  expect(made.inputs.map(({ name }) => name)).toEqual(["images"]);
  const bytes = await fileOf("pre-rmsnorm");
  await expect(answer({ kind: "file", name: "rms.onnx", bytes })).rejects.toThrow(
    /^"rms\.onnx" has no norms but RMSNorm already, if it has any: give another model\.$/,
  );
  const text = new TextEncoder().encode("no model");
  await expect(answer({ kind: "file", name: "a.onnx", bytes: text })).rejects.toThrow(
    /^"a\.onnx": importOnnx: /,
  );
});
