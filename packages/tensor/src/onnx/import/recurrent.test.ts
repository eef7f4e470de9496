import { describe, test } from "vitest";
import {
  checkNode,
  drawn,
  type Initializers,
  int32,
  type NodeCase,
} from "../../testing/onnx-nodes.ts";

const steps = drawn([5, 2, 3], 60);
const lengths = int32([5, 3]);

function recurrent(gates: number, directions: number): Initializers {
  return {
    w: drawn([directions, gates * 4, 3], 61),
    r: drawn([directions, gates * 4, 4], 62),
    b: drawn([directions, 2 * gates * 4], 63),
  };
}

const layers: readonly (readonly [type: string, label: string, item: NodeCase])[] = [
  [
    "LSTM",
    "both ways, with lengths",
    {
      inputs: { x: steps, n: lengths },
      initializers: recurrent(4, 2),
      operands: ["x", "w", "r", "b", "n"],
      attributes: { hidden_size: 4, direction: "bidirectional" },
      outputs: 3,
    },
  ],
  [
    "LSTM",
    "peeping, limited",
    {
      inputs: { x: steps },
      initializers: { ...recurrent(4, 1), p: drawn([1, 12], 64) },
      operands: ["x", "w", "r", "b", "", "", "", "p"],
      attributes: { hidden_size: 4, clip: { float: 0.5 } },
      outputs: 3,
      differentiated: false,
    },
  ],
  [
    "GRU",
    "backwards, with lengths, reset behind the product",
    {
      inputs: { x: steps, n: lengths },
      initializers: recurrent(3, 1),
      operands: ["x", "w", "r", "b", "n"],
      attributes: { hidden_size: 4, direction: "reverse", linear_before_reset: 1 },
      outputs: 2,
    },
  ],
  [
    "GRU",
    "from a first state",
    {
      inputs: { x: steps, h: drawn([1, 2, 4], 65) },
      initializers: recurrent(3, 1),
      operands: ["x", "w", "r", "b", "", "h"],
      attributes: { hidden_size: 4 },
      outputs: 2,
    },
  ],
  [
    "RNN",
    "with its own activations",
    {
      inputs: { x: steps },
      initializers: recurrent(1, 2),
      operands: ["x", "w", "r", "b"],
      attributes: {
        hidden_size: 4,
        direction: "bidirectional",
        activations: ["Sigmoid", "Affine"],
        activation_alpha: { floats: [0, 0.5] },
        activation_beta: { floats: [0, 0.1] },
      },
      outputs: 2,
      differentiated: false,
    },
  ],
];

describe("recurrent layers give what ONNX Runtime gives", () => {
  test.each(layers)("%s %s", (type, _, item) => checkNode(type, item));
});
