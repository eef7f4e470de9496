import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { type HostTensor, hostTensor } from "../host.ts";

/** Runs a file in ONNX Runtime without anything of ours. */
export async function runBare(
  model: Uint8Array | string,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  const session = await InferenceSession.create(model as Uint8Array);
  const feeds = Object.entries(inputs).map(
    ([name, { dtype, data, shape }]) =>
      [name, new OrtTensor(dtype, data as Float32Array, shape)] as const,
  );
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims, type }]) => [
      name,
      type === "bool"
        ? hostTensor(data as Uint8Array, dims, "bool")
        : hostTensor(data as Float32Array, dims),
    ]),
  );
}
