// B rows, F features

import { readRPackage } from "@quire/data/files";
import { Dropout, inference, Linear, type Mode, Module } from "@quire/nn";
import { relu, type Tensor } from "@quire/tensor";
import { type ComparedTable, modelOnTable, type RunOnTable } from "../tasks/tabular-comparison.ts";
import type { Mixing, TabularRecipe, TabularTarget } from "../tasks/tabular-target.ts";
import { build, type ExcelFormerOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** How large an MLP is. */
export interface PerceptronOptions {
  readonly width: number;
  readonly depth: number;
  readonly dropout: number;
}

const perceptron: PerceptronOptions = { width: 64, depth: 3, dropout: 0.1 };

/** Linear layers with ReLU and dropout between them, what networks for tables are compared with. `[B, F] -> [B, outputs]` */
export class MultiLayerPerceptron extends Module {
  readonly layers: Linear[];
  readonly head: Linear;
  readonly dropout: Dropout;

  constructor({ features, outputs }: TabularTarget, options: PerceptronOptions = perceptron) {
    super();
    const { width, depth, dropout } = options;
    this.layers = Array.from(
      { length: depth },
      (_, i) => new Linear({ in: i === 0 ? features : width, out: width }),
    );
    this.head = new Linear({ in: width, out: outputs });
    this.dropout = new Dropout(dropout);
  }

  /** `[B, F] -> [B, outputs]` */
  forward(rows: Tensor, mode: Mode = inference): Tensor {
    let x = rows;
    for (const layer of this.layers) x = this.dropout.forward(relu(layer.forward(x)), mode);
    return this.head.forward(x);
  }
}

/// An eighth of the published width, since minutes of two cores bear no more.
/** The size that takes part in the claims. */
export const size: ExcelFormerOptions = {
  ...(paper.presets["small"]?.options as ExcelFormerOptions),
  ...{ width: 32, heads: 4, depth: 3 },
};

/// Rates and mixing, and the MLP's width, are those that do best on four other tables (`npm run bench:tabular`).
/** The same for all networks: as many epochs at most, and the same patience. */
export const recipe: TabularRecipe = {
  ...paper.recipe,
  ...{ epochs: 60, batchSize: 64, warmUp: 3, patience: 16, mix: "none" },
};

/** Trains an ExcelFormer on a table. */
export function excelFormerOnTable(
  mix: Mixing | "none",
  change: Partial<ExcelFormerOptions> = {},
  epochs = recipe.epochs,
): RunOnTable {
  const options = { ...size, ...change };
  return modelOnTable({
    ...{ paper: paper.id, options, build: (target) => build(options, target) },
    recipe: { ...recipe, epochs, learningRate: 3e-3, mix },
  });
}

/** Trains a multi-layer perceptron on a table. */
export function perceptronOnTable(epochs = recipe.epochs): RunOnTable {
  return modelOnTable({
    ...{
      paper: paper.id,
      options: perceptron,
      build: (target) => new MultiLayerPerceptron(target),
    },
    recipe: { ...recipe, epochs, learningRate: 3e-3 },
  });
}

const targets = {
  credit_data: ["Status", "class"],
  hpc_data: ["class", "class"],
  mlc_churn: ["churn", "class"],
  wa_churn: ["churn", "class"],
  concrete: ["compressive_strength", "number"],
  Sacramento: ["price", "number"],
  car_prices: ["Price", "number"],
  stackoverflow: ["Salary", "number"],
} as const satisfies Record<string, readonly [string, "class" | "number"]>;

/** Names of the tables that systems are compared on. */
export type TableName = keyof typeof targets;

/** The names, four with classes and four with numbers to predict. */
export const tableNames = Object.keys(targets) as TableName[];

/**
 * Reads tables of R's package modeldata.
 *
 * @throws DataError when it is not installed; the sentence says how.
 */
export function readTables(names: readonly TableName[]): Promise<ComparedTable[]> {
  return Promise.all(
    names.map(async (name) => {
      const [target, predict] = targets[name];
      return { name, table: await readRPackage("modeldata", name), target, predict };
    }),
  );
}
