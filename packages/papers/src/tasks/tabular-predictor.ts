// N rows, B batch, F encoded features, K classes

import type { Table } from "@quire/data";
import {
  add,
  type Compiled,
  type CompileOptions,
  compile,
  concat,
  dims,
  type HostTensor,
  hostTensor,
  mul,
  reshape,
  sigmoid,
  softmax,
  sub,
  type Tensor,
} from "@quire/tensor";
import type { ExportedFunction, System } from "../system.ts";
import type { TabularRows } from "./tabular-encoding.ts";
import { type TabularPredictions, tabularScores } from "./tabular-metrics.ts";
import { encodeFeatures } from "./tabular-rows.ts";
import type { TabularModel, TabularModelDescription } from "./tabular-target.ts";

/** Numbers that a batch holds at most. */
const LARGEST_BATCH = 16_384;
const MOST_ROWS = 512;

/** A tabular system with all that is known of it: it encodes tables, runs in batches and names classes. */
export class TabularPredictor implements System<TabularModelDescription> {
  readonly model: TabularModel;
  readonly description: TabularModelDescription;
  readonly #compiled: Compiled<[Tensor], { prediction: Tensor }>;

  constructor(
    model: TabularModel,
    description: TabularModelDescription,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    const run = (rows: Tensor) => ({ prediction: this.infer(rows) });
    this.#compiled = compile(run, { name: "predict", ...options });
  }

  /**
   * The traced function that is run, and exported: encoded rows give a number in the target's unit, `[B, F] -> [B]`, or a
   * probability of each class, `[B, F] -> [B, K]`.
   */
  infer(rows: Tensor): Tensor {
    const { target } = this.description.encoding;
    const outputs = this.model.forward(rows);
    if (target.predict === "number") {
      const { B } = dims(rows, "B F");
      return add(mul(reshape(outputs, [B]), target.deviation), target.mean);
    }
    if (target.classes.length > 2) return softmax(outputs, { axis: 1 });
    const second = sigmoid(outputs);
    return concat([sub(1, second), second], 1);
  }

  /** A file of the system takes encoded rows; how tables are encoded stands in its notes. */
  get exported(): ExportedFunction {
    const { encoding, target, paper, task } = this.description;
    const { features } = target;
    const isClass = encoding.target.predict === "class";
    return {
      run: (rows) => ({ prediction: this.infer(rows as Tensor) }),
      inputs: { rows: { shape: ["batch", features] } },
      outputs: {
        prediction:
          isClass && "classes" in encoding.target
            ? ["batch", encoding.target.classes.length]
            : ["batch"],
      },
      metadata: {
        ...{ paper, task, encoding: JSON.stringify(encoding) },
        input: "rows encoded as the note `encoding` says, the most informative feature first",
      },
    };
  }

  /**
   * Predicts the target of every row of a table.
   *
   * @throws DataError when columns are missing or of another kind.
   */
  predict(table: Table): Promise<TabularPredictions> {
    return this.predictRows(encodeFeatures(this.description.encoding, table));
  }

  /** Predicts from encoded rows, `[N, F]`. */
  async predictRows(inputs: Float32Array): Promise<TabularPredictions> {
    const { target } = this.description.encoding;
    const values = await this.#run(inputs);
    return target.predict === "class"
      ? { predict: "class", classes: target.classes, probabilities: values }
      : { predict: "number", values: Float64Array.from(values) };
  }

  /** Measures predictions on rows whose targets are known. */
  async evaluate(rows: TabularRows): Promise<Readonly<Record<string, number>>> {
    return tabularScores(await this.predictRows(rows.inputs), this.knownTargets(rows));
  }

  /** The targets of rows as predictions are compared with them: class places, or numbers in their own unit. */
  knownTargets({ targets }: TabularRows): ArrayLike<number> {
    const { target } = this.description.encoding;
    if (target.predict === "class") return targets;
    return Float64Array.from(targets, (value) => value * target.deviation + target.mean);
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await this.#compiled.release();
  }

  /** Batches have one size, the last one is filled up, so that one model is compiled. */
  async #run(inputs: Float32Array): Promise<Float32Array> {
    const { features } = this.description.target;
    const rows = inputs.length / features;
    const most = Math.max(1, Math.min(MOST_ROWS, Math.floor(LARGEST_BATCH / features)));
    const size = Math.ceil(rows / Math.max(1, Math.ceil(rows / most)));
    const found: Float32Array[] = [];
    for (let first = 0; first < rows; first += size) {
      const taken = inputs.subarray(first * features, (first + size) * features);
      const { prediction } = await this.#compiled(filledTo(size, taken, features));
      const values = prediction.data as Float32Array;
      found.push(values.slice(0, (values.length / size) * (taken.length / features)));
    }
    const all = new Float32Array(found.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of found) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function filledTo(size: number, rows: Float32Array, features: number): HostTensor<"float32"> {
  const data = new Float32Array(size * features);
  data.set(rows);
  return hostTensor(data, [size, features], "float32");
}
