import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import type { HostTensor } from "../host.ts";
import { decodeTensor } from "../onnx/import/decode-values.ts";
import { type ImportedModel, importOnnx } from "../onnx/import/import-model.ts";
import {
  decodeModel,
  decodeTensorProto,
  type GraphProto,
  type ValueInfoProto,
} from "../onnx/proto.ts";

/** One of ONNX's own cases: a model, inputs and the outputs that they must give. */
export interface OnnxCase {
  readonly name: string;
  readonly folder: string;
}

/** What became of a case: the operation it is about, and why it failed if it did. */
export interface OnnxOutcome {
  readonly name: string;
  readonly operation: string;
  readonly failure: string | undefined;
}

/** The tolerances of ONNX's own tests: relative to the expected value, and absolute. */
const tolerance = { relative: 1e-3, absolute: 1e-7 };

const BFLOAT16 = 16n;

/** Every case under a folder of ONNX's test data, by name. */
export function onnxCases(root: string): OnnxCase[] {
  const groups = readdirSync(root).sort();
  return groups.flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => ({ name, folder: join(root, group, name) }))
      .filter(({ folder }) => existsSync(join(folder, "model.onnx"))),
  );
}

/** The operation a case is about: its only one, the one whose definition it writes out, or several. */
function operationOf({ node = [] }: GraphProto): string {
  const types = [
    ...new Set(node.map(({ domain, opType }) => [domain, opType].filter(Boolean).join("."))),
  ];
  const written = /^([A-Za-z]+)_test_.*_expanded_function_/.exec(node[0]?.name ?? "")?.[1];
  if (written) return `${written}, written out`;
  return types.length === 1 ? (types[0] as string) : "several";
}

/** The stored tensors of one kind; bfloat16 ones are stored as the whole numbers of their bits. */
function storedTensors(
  folder: string,
  kind: "input" | "output",
  declared: readonly ValueInfoProto[],
): HostTensor[] {
  const data = join(folder, "test_data_set_0");
  const files = readdirSync(data).filter((file) => file.startsWith(kind));
  return files.map((_, i) => {
    const proto = decodeTensorProto(readFileSync(join(data, `${kind}_${i}.pb`)));
    const isShort = declared[i]?.type?.tensorType?.elemType === BFLOAT16;
    return decodeTensor(isShort ? { ...proto, dataType: BFLOAT16 } : proto);
  });
}

function differenceOf(got: HostTensor | undefined, wanted: HostTensor): string | undefined {
  if (!got) return "an output is missing";
  if (got.dtype !== wanted.dtype) return `gives ${got.dtype}, not ${wanted.dtype}`;
  if (got.shape.join() !== wanted.shape.join()) {
    return `gives [${got.shape.join()}], not [${wanted.shape.join()}]`;
  }
  const values = got.toArray();
  const at = wanted.toArray().findIndex((value, i) => {
    const other = values[i] as number;
    const isClose =
      Math.abs(other - value) <= tolerance.absolute + tolerance.relative * Math.abs(value);
    return !isClose && !Object.is(other, value) && other !== value;
  });
  return at < 0 ? undefined : `gives ${values[at]} at ${at}, not ${wanted.toArray()[at]}`;
}

/** Which inputs are constants: none if that works, those that decide shapes otherwise. */
const choices: readonly ((input: HostTensor, position: number) => boolean)[] = [
  () => false,
  ({ dtype }) => dtype !== "float32" && dtype !== "float16",
  (_, position) => position > 0,
  () => true,
];

async function outputsOf(
  model: ImportedModel,
  names: readonly string[],
  inputs: readonly HostTensor[],
): Promise<Record<string, HostTensor>> {
  let refusal: unknown;
  for (const isConstant of choices) {
    const run = compile((given: readonly Tensor[]) =>
      model.forward(
        Object.fromEntries(
          inputs.map((input, i) => [
            names[i] as string,
            isConstant(input, i) ? constant(input) : (given[i] as Tensor),
          ]),
        ),
      ),
    );
    try {
      const outputs = await run(inputs);
      await run.release();
      return outputs;
    } catch (error) {
      refusal = error;
      if (!String(error).includes("while the graph is traced")) break;
    }
  }
  throw refusal;
}

async function failureOf(folder: string, graph: GraphProto): Promise<string | undefined> {
  const { input = [], output = [] } = graph;
  if ([...input, ...output].some(({ type }) => !type?.tensorType)) {
    return "takes or gives sequences or optional values";
  }
  const model = importOnnx(readFileSync(join(folder, "model.onnx")));
  const names = input.map(({ name = "" }) => name);
  const outputs = await outputsOf(model, names, storedTensors(folder, "input", input));
  const wanted = storedTensors(folder, "output", output);
  return wanted
    .map((tensor, i) => differenceOf(outputs[model.outputs[i] as string], tensor))
    .find((difference) => difference !== undefined);
}

/** Imports a case's model, runs it on the stored inputs and compares what comes out, whole. */
export async function runOnnxCase({ name, folder }: OnnxCase): Promise<OnnxOutcome> {
  const graph = decodeModel(readFileSync(join(folder, "model.onnx"))).graph ?? {};
  const operation = operationOf(graph);
  try {
    return { name, operation, failure: await failureOf(folder, graph) };
  } catch (error) {
    return { name, operation, failure: (error as Error).message };
  }
}
