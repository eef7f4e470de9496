import { compile } from "../compile.ts";
import { type DType, dtypes } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import type { HostTensor } from "../host.ts";
import type { Runtime } from "../run/runtime.ts";
import {
  type Builder,
  outputsOf,
  type StoredCase,
  type StoredTensor,
  toHost,
} from "./stored-case.ts";

/** A case in another dtype than the stored one, or why there is none. */
export interface Probe {
  readonly op: string;
  readonly dtype: DType;
  /** The case, with the outputs of the runtime that made it. */
  readonly made?: StoredCase;
  /** Set where the runtime failed; neither where the operation does not take the dtype. */
  readonly failure?: string;
}

/** For each operation, its first plain case in every dtype that no stored case has; a runtime gives the outputs. */
export async function probesOf(
  cases: readonly StoredCase[],
  builders: Readonly<Record<string, Builder>>,
  runtime: Runtime,
): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (const [op, build] of Object.entries(builders)) {
    const own = cases.filter((stored) => stored.op === op);
    const known = new Set(own.map(({ inputs }) => inputs[0]?.dtype));
    const plain = own.find(isPlain);
    if (!plain) continue;
    for (const dtype of dtypes.filter((candidate) => !known.has(candidate))) {
      probes.push(await probe(inDType(plain, dtype), dtype, build, runtime));
    }
  }
  return probes;
}

function isPlain({ inputs }: StoredCase): boolean {
  const values = inputs.flatMap(({ data }) => data);
  return inputs.every(({ data }) => data.length > 0) && values.every((x) => typeof x === "number");
}

async function probe(
  stored: StoredCase,
  dtype: DType,
  build: Builder,
  runtime: Runtime,
): Promise<Probe> {
  const { op } = stored;
  const run = compile((x: readonly Tensor[]) => outputsOf(stored, build, x), { runtime });
  try {
    const outputs = await run(stored.inputs.map(toHost));
    await run.release();
    return { op, dtype, made: { ...stored, outputs: outputs.map(toStored) } };
  } catch (error) {
    return { op, dtype, ...(!(error instanceof DTypeError) && { failure: String(error) }) };
  }
}

/** The floating-point operands in another dtype: whole numbers that are never zero, or truths. */
function inDType(stored: StoredCase, dtype: DType): StoredCase {
  const convert = (value: number): number => {
    if (dtype === "float32" || dtype === "float16") return value;
    if (dtype === "bool") return Number(value > 0);
    const whole = (value < 0 ? -1 : 1) * Math.max(1, Math.ceil(Math.abs(value)));
    return dtype === "uint8" ? Math.abs(whole) : whole;
  };
  const inputs = stored.inputs.map((input) =>
    input.dtype === "float32"
      ? { dtype, shape: input.shape, data: input.data.map((value) => convert(Number(value))) }
      : input,
  );
  const { op, attributes } = stored;
  return { op, label: `as ${dtype}`, inputs, attributes, outputs: [] };
}

/** JSON has no infinities: they are spelled out, as in the files. */
function toStored(tensor: HostTensor): StoredTensor {
  const data = tensor.toArray().map((x) => (Number.isFinite(x) ? x : String(x)));
  return { dtype: tensor.dtype, shape: tensor.shape, data };
}
