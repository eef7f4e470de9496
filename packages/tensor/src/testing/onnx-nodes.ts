import { expect } from "vitest";
import { compile } from "../compile.ts";
import { pullback } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { importOnnx } from "../onnx/import/import-model.ts";
import { Random } from "../random/random.ts";
import { sizeOf } from "../shape.ts";
import { runBare } from "./bare-session.ts";
import { type FileAttribute, type FileParts, fileBytes, fileNode } from "./onnx-files.ts";
import { expectClose } from "./references.ts";

type Attributes = Readonly<Record<string, FileAttribute>>;

/** Constants of a file, by name. */
export type Initializers = NonNullable<FileParts["initializers"]>;

/** One node on the given values, with what it needs besides. */
export interface NodeCase {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly initializers?: Initializers;
  readonly attributes?: Attributes;
  readonly outputs?: number;
  readonly opset?: number;
  readonly domain?: "com.microsoft";
  /** Operands in their order; inputs, then initializers, unless said. */
  readonly operands?: readonly string[];
  /** Whether gradients for floating-point inputs are compared with finite differences. */
  readonly differentiated?: boolean;
  readonly tolerance?: number;
}

/** Normal numbers that depend on the seed alone. */
export function drawn(shape: readonly number[], seed: number): HostTensor {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.normal()),
    shape,
  );
}

/** Whole numbers of 64 bits. */
export function whole(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): HostTensor {
  return hostTensor(values, shape, "int64");
}

/** Whole numbers of 32 bits. */
export function int32(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): HostTensor {
  return hostTensor(values, shape, "int32");
}

function bytesOf(type: string, item: NodeCase): { bytes: Uint8Array; names: string[] } {
  const { inputs, initializers = {}, attributes = {}, outputs = 1, opset, domain } = item;
  const operands = item.operands ?? [...Object.keys(inputs), ...Object.keys(initializers)];
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const nodes = [fileNode(type, operands, names, attributes, domain)];
  const bytes = fileBytes({ nodes, inputs, outputs: names, initializers }, opset);
  return { bytes, names };
}

/** Along one direction, the slope of Σ output · weight must be Σ gradient · direction. */
async function checkSlope(item: NodeCase, bytes: Uint8Array): Promise<void> {
  const model = importOnnx(bytes);
  const floats = Object.keys(item.inputs).filter((name) => item.inputs[name]?.dtype === "float32");
  const forward = compile((inputs: Record<string, Tensor>) => model.forward(inputs, ["y0"]));
  const { y0 } = await forward(item.inputs);
  const weight = drawn((y0 as HostTensor).shape, 99);
  const backward = compile((inputs: Record<string, Tensor>, dy: Tensor) => {
    const outputs = model.forward(inputs, ["y0"]);
    return pullback(
      [outputs["y0"] as Tensor],
      floats.map((name) => inputs[name] as Tensor),
      [dy],
    );
  });
  const slopes = await backward(item.inputs, weight);
  const directions = floats.map((name, i) => drawn((item.inputs[name] as HostTensor).shape, i + 7));
  const at = async (step: number): Promise<number> => {
    const moved = floats.map((name, i) => {
      const { data, shape } = item.inputs[name] as HostTensor;
      const way = (directions[i] as HostTensor).toArray();
      return [
        name,
        hostTensor(
          (data as Float32Array).map((v, k) => v + step * (way[k] as number)),
          shape,
        ),
      ] as const;
    });
    const { y0 } = await forward({ ...item.inputs, ...Object.fromEntries(moved) });
    return dot(y0 as HostTensor, weight);
  };
  const step = 3e-3;
  const measured = ((await at(step)) - (await at(-step))) / (2 * step);
  const claimed = slopes.reduce(
    (sum, slope, i) => sum + dot(slope, directions[i] as HostTensor),
    0,
  );
  const scale = slopes.reduce((sum, slope) => sum + Math.sqrt(dot(slope, slope)), 1);
  expect(Math.abs(measured - claimed) / scale).toBeLessThan(2e-2);
}

function dot(a: HostTensor, b: HostTensor): number {
  const other = b.toArray();
  return a.toArray().reduce((sum, value, i) => sum + value * (other[i] as number), 0);
}

/** Runs one node in ONNX Runtime as the file has it and as it is imported; then holds its gradients to slopes. */
export async function checkNode(type: string, item: NodeCase): Promise<void> {
  const { bytes, names } = bytesOf(type, item);
  const wanted = await runBare(bytes, item.inputs);
  const model = importOnnx(bytes);
  expect(model.unknown).toEqual([]);
  const forward = compile((inputs: Record<string, Tensor>) => model.forward(inputs));
  const got = await forward(item.inputs);
  for (const name of names) {
    expectClose(got[name] as HostTensor, wanted[name] as HostTensor, item.tolerance ?? 1e-5, name);
  }
  if (item.differentiated !== false) await checkSlope(item, bytes);
}
