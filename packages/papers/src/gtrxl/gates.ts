// D width

import { Linear, Module } from "@quire/nn";
import { add, mul, sigmoid, sub, type Tensor, tanh, Variable } from "@quire/tensor";

/** How what a sub-module gives joins the stream: by one of the paper's gates, or by addition. */
export const gateKinds = ["gru", "output", "highway", "sigtanh", "input", "addition"] as const;

/** The name of a gate. */
export type GateKind = (typeof gateKinds)[number];

/** What a gate is made of. */
export interface GateOptions {
  readonly kind: GateKind;
  readonly width: number;
  /** b_g, by which a gate at first lets the stream pass as it is; 2 unless said. */
  readonly bias?: number;
}

/** Joins the stream x and what a sub-module makes of it, y. `[..., D], [..., D] -> [..., D]` */
export interface Gate extends Module {
  forward(x: Tensor, y: Tensor): Tensor;
}

/** Makes a gate. */
export function gate({ kind, width, bias = 2 }: GateOptions): Gate {
  switch (kind) {
    case "gru":
      return new GruGate(width, bias);
    case "output":
      return new OutputGate(width, bias);
    case "highway":
      return new HighwayGate(width, bias);
    case "sigtanh":
      return new SigTanhGate(width, bias);
    case "input":
      return new InputGate(width);
    case "addition":
      return new Addition();
  }
}

/// Section 3.2 writes the gates without biases but b_g; so have the linear layers here none.
function square(width: number): Linear {
  return new Linear({ in: width, out: width, bias: false });
}

function biasOf(width: number, initial: number): Variable {
  return new Variable([width], { initial });
}

/** x + y: the connection of TrXL and TrXL-I. */
class Addition extends Module implements Gate {
  forward(x: Tensor, y: Tensor): Tensor {
    return add(x, y);
  }
}

/** σ(W x) ⊙ x + y */
class InputGate extends Module implements Gate {
  readonly weight: Linear;

  constructor(width: number) {
    super();
    this.weight = square(width);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    return add(mul(sigmoid(this.weight.forward(x)), x), y);
  }
}

/** x + σ(W x - b) ⊙ y */
class OutputGate extends Module implements Gate {
  readonly weight: Linear;
  readonly bias: Variable;

  constructor(width: number, bias: number) {
    super();
    this.weight = square(width);
    this.bias = biasOf(width, bias);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    return add(x, mul(sigmoid(sub(this.weight.forward(x), this.bias)), y));
  }
}

/** σ(W x + b) ⊙ x + (1 - σ(W x + b)) ⊙ y */
class HighwayGate extends Module implements Gate {
  readonly weight: Linear;
  readonly bias: Variable;

  constructor(width: number, bias: number) {
    super();
    this.weight = square(width);
    this.bias = biasOf(width, bias);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    const share = sigmoid(add(this.weight.forward(x), this.bias));
    return add(y, mul(share, sub(x, y)));
  }
}

/** x + σ(W y - b) ⊙ tanh(U y) */
class SigTanhGate extends Module implements Gate {
  readonly weight: Linear;
  readonly candidate: Linear;
  readonly bias: Variable;

  constructor(width: number, bias: number) {
    super();
    this.weight = square(width);
    this.candidate = square(width);
    this.bias = biasOf(width, bias);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    const share = sigmoid(sub(this.weight.forward(y), this.bias));
    return add(x, mul(share, tanh(this.candidate.forward(y))));
  }
}

/**
 * The gate of a gated recurrent unit, with x as its state: r = σ(W_r y + U_r x), z = σ(W_z y + U_z x - b),
 * h = tanh(W_g y + U_g (r ⊙ x)), (1 - z) ⊙ x + z ⊙ h.
 */
class GruGate extends Module implements Gate {
  readonly resetFromOutput: Linear;
  readonly resetFromStream: Linear;
  readonly updateFromOutput: Linear;
  readonly updateFromStream: Linear;
  readonly candidateFromOutput: Linear;
  readonly candidateFromStream: Linear;
  readonly bias: Variable;

  constructor(width: number, bias: number) {
    super();
    this.resetFromOutput = square(width);
    this.resetFromStream = square(width);
    this.updateFromOutput = square(width);
    this.updateFromStream = square(width);
    this.candidateFromOutput = square(width);
    this.candidateFromStream = square(width);
    this.bias = biasOf(width, bias);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    const sum = (first: Linear, second: Linear, state: Tensor): Tensor =>
      add(first.forward(y), second.forward(state));
    const reset = sigmoid(sum(this.resetFromOutput, this.resetFromStream, x));
    const logits = sum(this.updateFromOutput, this.updateFromStream, x);
    /// The bias makes z small at first: the block begins near the identity, and the agent as one without memory.
    const update = sigmoid(sub(logits, this.bias));
    const candidate = tanh(sum(this.candidateFromOutput, this.candidateFromStream, mul(reset, x)));
    return add(x, mul(update, sub(candidate, x)));
  }
}
