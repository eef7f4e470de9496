// B environments side by side, T steps, L layers, O numbers of an observation, H width, A actions

import { inference, Linear, Lstm, type Mode, Module } from "@quire/nn";
import { type Shape, squeeze, sub, type Tensor, transpose } from "@quire/tensor";
import type {
  AgentInputs,
  AgentNetwork,
  AgentOutputs,
  ControlTarget,
} from "../tasks/control-target.ts";

/** What the LSTM that the paper compares with is made of. */
export interface LstmAgentOptions {
  /** What makes it one. */
  readonly recurrent: "lstm";
  readonly width: number;
  /** Layers; the paper's has 3. */
  readonly depth: number;
}

/** As DeepMind's library of networks has it unless told otherwise. */
const FORGET_BIAS = 1;

/** An agent whose memory is the state of an LSTM, the paper's baseline. */
export class LstmAgent extends Module implements AgentNetwork {
  readonly lstm: Lstm;
  readonly policy: Linear;
  readonly value: Linear;
  readonly depth: number;

  constructor({ width, depth }: LstmAgentOptions, { observation, actions }: ControlTarget) {
    super();
    // With forget gates that are half open at first a cue of ten steps ago would count a thousandth.
    this.lstm = new Lstm({ in: observation, width, depth, forgetBias: FORGET_BIAS });
    this.policy = new Linear({ in: width, out: actions });
    this.value = new Linear({ in: width, out: 1 });
    this.depth = depth;
  }

  get carried(): Readonly<Record<string, Shape>> {
    const shape = [this.depth, this.lstm.width];
    return { hidden: shape, cell: shape };
  }

  forward({ observations, first, carried }: AgentInputs, mode: Mode = inference): AgentOutputs {
    const [hidden, cell] = [carried["hidden"], carried["cell"]].map((part) =>
      transpose(part as Tensor, [1, 0, 2]),
    ) as [Tensor, Tensor];
    const { outputs, state } = this.lstm.goOn(observations, { hidden, cell }, mode, sub(1, first));
    return {
      logits: this.policy.forward(outputs),
      values: squeeze(this.value.forward(outputs), [2]),
      carried: {
        hidden: transpose(state.hidden, [1, 0, 2]),
        cell: transpose(state.cell, [1, 0, 2]),
      },
    };
  }
}
