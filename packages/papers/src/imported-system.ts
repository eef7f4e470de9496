import { Module } from "@quire/nn";
import {
  type Compiled,
  type CompileOptions,
  compile,
  type HostTensor,
  type ImportedModel,
  importOnnx,
  QuireError,
  record,
  type Tensor,
  type Variable,
  variablesIn,
} from "@quire/tensor";
import type { ModelDescription } from "./paper.ts";
import type { ExportedFunction, System } from "./system.ts";

/** What stands for a paper's id where a model was imported. */
export const IMPORTED = "imported";

/** The bytes of an ONNX file, and those of the files that hold its weights where it does not. */
export interface ImportedFiles {
  readonly model: Uint8Array;
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
}

/** Stands for a free size where a model is traced only to see what it gives. */
const SAMPLE_SIZES = [2, 7, 5, 11];

/** The weights of an imported model that its outputs need, by their names in the file. */
class ImportedWeights extends Module {
  readonly weights: Readonly<Record<string, Variable>>;
  readonly #model: ImportedModel;

  constructor(model: ImportedModel, used: readonly Variable[]) {
    super();
    this.#model = model;
    this.weights = Object.fromEntries(used.map((variable) => [variable.name, variable]));
  }

  /** The outputs in their order, of inputs in theirs. */
  forward(...inputs: Tensor[]): Record<string, Tensor> {
    const named = this.#model.inputs.map(({ name }, i) => [name, inputs[i] as Tensor] as const);
    return this.#model.forward(Object.fromEntries(named));
  }
}

/** A model that others made, whatever it does, as a system: it runs, changes and is written under its own names. */
export class ImportedSystem implements System {
  readonly model: ImportedWeights;
  readonly description: ModelDescription;
  readonly exported: ExportedFunction;
  readonly #compiled: Compiled<Tensor[], Record<string, Tensor>>;

  constructor({ model, externalData = {} }: ImportedFiles, options: CompileOptions = {}) {
    const imported = importOnnx(model, { externalData });
    const inputs = Object.fromEntries(
      imported.inputs.map(({ name, dtype, shape }) => [name, { shape, dtype }]),
    );
    const { outputs, used } = examined(imported);
    this.model = new ImportedWeights(imported, used);
    this.description = { task: "method", paper: IMPORTED, options: {}, target: {} };
    const run = (...given: Tensor[]) => this.model.forward(...given);
    this.exported = { run, inputs, outputs, metadata: imported.metadata };
    this.#compiled = compile(run, { name: "model", ...options });
  }

  /** Computes the outputs, by their names. */
  async run(inputs: readonly HostTensor[]): Promise<Readonly<Record<string, HostTensor>>> {
    return await this.#compiled(...(inputs as HostTensor[]));
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await this.#compiled.release();
  }
}

/** The shapes of a model's outputs, and the weights that they need. */
function examined(model: ImportedModel): {
  readonly outputs: ExportedFunction["outputs"];
  readonly used: readonly Variable[];
} {
  const sizes = model.inputs.flatMap(({ shape }) => shape);
  const free = [...new Set(sizes.filter((size) => typeof size === "string"))];
  const sampleOf = (size: number | string): number =>
    typeof size === "number" ? size : (SAMPLE_SIZES[free.indexOf(size) % 4] as number);
  const nameOf = (size: number): number | string =>
    free.find((name) => sampleOf(name) === size) ?? size;
  let found: Record<string, Tensor> = {};
  const trace = (...inputs: Tensor[]) => {
    const named = model.inputs.map(({ name }, i) => [name, inputs[i] as Tensor] as const);
    found = model.forward(Object.fromEntries(named));
    return found;
  };
  record(
    trace,
    model.inputs.map(({ dtype, shape }) => ({ dtype, shape: shape.map(sampleOf) })),
  );
  if (Object.keys(found).length === 0) throw new QuireError("the model gives no outputs.");
  const outputs = Object.entries(found).map(([name, { shape }]) => [name, shape.map(nameOf)]);
  const used = new Set(Object.values(found).flatMap((output) => variablesIn(output)));
  return { outputs: Object.fromEntries(outputs), used: [...used] };
}
