// B batch, T length, I width of the input, H width of the state, L layers

import {
  add,
  dims,
  full,
  type Initializer,
  matmul,
  mul,
  QuireError,
  scan,
  sigmoid,
  slice,
  split,
  squeeze,
  stack,
  type Tensor,
  tanh,
  transpose,
  unsqueeze,
  Variable,
} from "@quire/tensor";
import { Dropout } from "./dropout.ts";
import { uniform } from "./initial.ts";
import { Linear } from "./linear.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";

/** What an LSTM is made of. */
export interface LstmOptions {
  /** Width of its input. */
  readonly in: number;
  /** Width of its state and output. */
  readonly width: number;
  /** Layers, each of which reads the one before; 1 unless said. */
  readonly depth?: number;
  /** Share of a layer's output that is dropped in training before the next one reads it; 0 unless said. */
  readonly dropout?: number;
  /** Bias of the forget gates at first: 1 makes a state last (Gers et al. 2000); 0 unless said, as in PyTorch. */
  readonly forgetBias?: number;
}

/** What an LSTM carries from one position to the next. */
export interface LstmState {
  /** `[L, B, H]` */
  readonly hidden: Tensor;
  /** `[L, B, H]` */
  readonly cell: Tensor;
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates (Gers et al. 2000), as PyTorch computes
 * it: gates input, forget, candidate and output in a row. Its two biases, which always stand summed, are one here.
 * `[B, T, I] -> [B, T, H]`
 */
export class Lstm extends Module implements Layer {
  readonly layers: readonly LstmLayer[];
  readonly dropout: Dropout;
  readonly width: number;

  constructor({ in: inputs, width, depth = 1, dropout = 0, forgetBias = 0 }: LstmOptions) {
    super();
    this.width = width;
    this.layers = Array.from(
      { length: depth },
      (_, i) => new LstmLayer(i === 0 ? inputs : width, width, forgetBias),
    );
    this.dropout = new Dropout(dropout);
  }

  /** From a state of zeros. `[B, T, I] -> [B, T, H]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    return this.goOn(x, undefined, mode).outputs;
  }

  /**
   * Goes on from a state, zeros unless said, and gives the state after the last position too.
   * `[B, T, I] -> [B, T, H]`
   *
   * @param kept Multiplies the state before each position: 0 where something new begins, 1 elsewhere. `[B, T]`
   * @throws QuireError when the state is of another size.
   */
  goOn(
    x: Tensor,
    state: LstmState | undefined,
    mode: Mode = inference,
    kept?: Tensor,
  ): { readonly outputs: Tensor; readonly state: LstmState } {
    const { B } = dims(x, "B T I");
    const shape = [this.layers.length, B, this.width];
    const { hidden, cell } = state ?? { hidden: full(shape, 0), cell: full(shape, 0) };
    for (const part of [hidden, cell]) checkState(part, shape);
    const ends: { hidden: Tensor; cell: Tensor }[] = [];
    const shares = kept && unsqueeze(transpose(kept, [1, 0]), [2]);
    let walked = transpose(x, [1, 0, 2]);
    for (const [place, layer] of this.layers.entries()) {
      const read = place === 0 ? walked : this.dropout.forward(walked, mode);
      const [h, c] = [hidden, cell].map((part) => layerOf(part, place)) as [Tensor, Tensor];
      const { carry, ys } = layer.forward(read, { hidden: h, cell: c }, shares);
      ends.push(carry);
      walked = ys;
    }
    return {
      outputs: transpose(walked, [1, 0, 2]),
      state: {
        hidden: stack(
          ends.map((end) => end.hidden),
          0,
        ),
        cell: stack(
          ends.map((end) => end.cell),
          0,
        ),
      },
    };
  }
}

/** What a layer carries: each `[B, H]`. */
interface LayerState {
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

/** One layer of an LSTM. `[T, B, I] -> [T, B, H]` */
class LstmLayer extends Module {
  readonly input: Linear;
  readonly hidden: Variable;

  constructor(inputs: number, width: number, forgetBias: number) {
    super();
    // PyTorch draws all of it by the width of the state.
    const initial = uniform(1 / Math.sqrt(width));
    const initialBias: Initializer = (data) => data.fill(forgetBias, width, 2 * width);
    this.input = new Linear({ in: inputs, out: 4 * width, initial, initialBias });
    this.hidden = new Variable([4 * width, width], { initial });
  }

  /** `[T, B, I] -> [T, B, H]`, and the last state; `kept` is `[T, B, 1]`. */
  forward(x: Tensor, state: LayerState, kept?: Tensor) {
    // What the inputs add to the gates needs no state: one product for all positions.
    const fromInputs = this.input.forward(x);
    if (!kept) {
      return scan((before, input: Tensor) => this.#step(before, input), { ...state }, fromInputs);
    }
    return scan(
      ({ hidden, cell }, { input, share }: { readonly input: Tensor; readonly share: Tensor }) =>
        this.#step({ hidden: mul(hidden, share), cell: mul(cell, share) }, input),
      { ...state },
      { input: fromInputs, share: kept },
    );
  }

  #step({ hidden, cell }: LayerState, fromInput: Tensor) {
    const gates = add(fromInput, matmul(hidden, this.hidden, { transposeB: true }));
    const [i, f, g, o] = split(gates, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const next = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)));
    const output = mul(sigmoid(o), tanh(next));
    return { carry: { hidden: output, cell: next }, y: output };
  }
}

function layerOf(state: Tensor, layer: number): Tensor {
  return squeeze(slice(state, [layer], [layer + 1], { axes: [0] }), [0]);
}

function checkState(state: Tensor, shape: readonly number[]): void {
  if (state.shape.join() === shape.join()) return;
  throw new QuireError(
    `Lstm: the state is [${state.shape.join(", ")}], where it must be [${shape.join(", ")}]: layers, batch, width.`,
  );
}
