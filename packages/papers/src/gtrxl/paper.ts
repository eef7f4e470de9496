import type { Preset } from "../paper.ts";
import type { ControlPaper, ControlTarget } from "../tasks/control-target.ts";
import { gateKinds } from "./gates.ts";
import type { AgentOptions, GtrxlOptions } from "./model.ts";

type AgentPreset = Preset<AgentOptions, ControlTarget>;

/// The appendix gives 12 layers, 8 heads of 64, a memory of 512 steps. The counts say that the stream
/// is 512 wide: each step from one gate to the next is a multiple of 24 matrices of 512 by 512.
const full: Omit<GtrxlOptions, "gate" | "norm"> = {
  ...{
    width: 512,
    depth: 12,
    heads: { count: 8, width: 64 },
    feedForward: 1024,
    memoryLength: 512,
  },
};
/// What the agents of DMLab-30 see here: 512 numbers that an encoder of pictures would give; 15 actions.
const dmlab: ControlTarget = { observation: 512, actions: 15 };

function published(
  options: Omit<GtrxlOptions, keyof typeof full>,
  parameters: number,
): AgentPreset {
  return {
    options: { ...full, ...options },
    target: dmlab,
    parameters,
    source: "the paper's table of parameters of the memory core",
    note: "with a linear encoder of 512 numbers and the heads of 15 actions",
  };
}

function lstm(width: number, parameters: number): AgentPreset {
  return {
    options: { recurrent: "lstm", width, depth: 3 },
    target: dmlab,
    parameters,
    source: "the paper's table of parameters of the memory core; 3 layers",
    note: "the width is ours: the one that gives the published count",
  };
}

const presets: Readonly<Record<string, AgentPreset>> = {
  small: {
    options: { width: 32, depth: 1, heads: 2, memoryLength: 64 },
    target: { observation: 4, actions: 4 },
    source: "ours, for tasks of some dozens of steps on a processor",
  },
  gru: published({ gate: "gru" }, 66.4e6),
  "gru-thin": {
    ...published({ gate: "gru" }, 22.4e6),
    options: { ...full, width: 304, heads: { count: 4, width: 64 }, feedForward: 576, gate: "gru" },
    note: "the sizes are ours: half the heads, and the width that gives the published count",
  },
  output: published({ gate: "output" }, 34.9e6),
  highway: published({ gate: "highway" }, 34.9e6),
  input: published({ gate: "input" }, 34.9e6),
  sigtanh: published({ gate: "sigtanh" }, 41.2e6),
  "trxl-i": published({ gate: "addition" }, 28.6e6),
  trxl: published({ gate: "addition", norm: "stream" }, 28.6e6),
  lstm: lstm(630, 9.25e6),
  "lstm-large": lstm(1550, 51.3e6),
};

/** Stabilizing Transformers for Reinforcement Learning. */
export const paper: ControlPaper<AgentOptions> = {
  id: "gtrxl",
  title: "Stabilizing Transformers for Reinforcement Learning",
  authors: [
    "Emilio Parisotto",
    "H. Francis Song",
    "Jack W. Rae",
    "Razvan Pascanu",
    "Caglar Gulcehre",
    "Siddhant M. Jayakumar",
    "Max Jaderberg",
    "Raphael Lopez Kaufman",
    "Aidan Clark",
    "Seb Noury",
    "Matthew M. Botvinick",
    "Nicolas Heess",
    "Raia Hadsell",
  ],
  year: 2019,
  arXiv: "1910.06764",
  family: "reasoning and in-context learning",
  task: "control",
  summary:
    "A transformer as the memory of an agent that learns by reinforcement falls apart where it learns a language well. " +
    "Two changes make it stable: norms go to what each part reads, so that a path runs from the observation to the " +
    "policy untouched, and gates join each part to that path in place of sums. The best gate is that of a gated " +
    "recurrent unit whose bias lets everything pass at first: the agent begins as one without memory, learns to react, " +
    "and then learns to remember.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the stream", from: 2 },
    depth: { kind: "whole", summary: "How many layers there are", from: 1 },
    heads: { kind: "whole", summary: "Heads of attention", from: 1 },
    feedForward: { kind: "whole", summary: "Width of the hidden layers", from: 1 },
    memoryLength: { kind: "whole", summary: "How many steps back each layer sees", from: 1 },
    gate: { kind: "choice", summary: "How parts join the stream", words: gateKinds },
    gateBias: { kind: "number", summary: "Bias by which gates let the stream pass at first" },
    norm: {
      kind: "choice",
      summary: "Where norms stand: on what parts read, or on the stream as in Transformer-XL",
      words: ["input", "stream"],
    },
  },
  recipe: {
    ...{ algorithm: "ppo", steps: 300_000, epochs: 20, batchSize: 32, unroll: 16, reuse: 4 },
    ...{ discount: 0.99, lambda: 0.7, entropy: 0.1, valueShare: 1 },
    ...{ learningRate: 3e-3, warmUp: 0, weightDecay: 0, clipNorm: 1 },
  },
  deviations: [
    {
      from: "the text gives an embedding of 256",
      to: "a stream of 512 in the published sizes",
      why: "only 512 gives the published counts: gates differ by multiples of 24 matrices of 512 by 512",
    },
    {
      from: "V-MPO with a target network, on a cluster of actors",
      to: "PPO unless asked, V-trace's actor-critic and V-MPO by --algorithm; one process acts and learns in turn",
      why: "PPO learns of few steps, on one machine; V-MPO's target network is the policy that acted, which `reuse` updates are made from",
    },
    {
      from: "a residual convolutional network reads pictures; the last action and reward are read too",
      to: "a linear layer reads the observation",
      why: "observations here are some dozens of numbers that say what matters",
    },
    {
      from: "DMLab-30, a continuous Numpad and a first-person Memory Maze",
      to: "a T-maze, and Numpad and Memory Maze on a grid",
      why: "DMLab-30 and MuJoCo need more than a processor and a package",
    },
    {
      from: "attention of a learner's unroll sees all of the memory before it",
      to: "each step sees exactly as many steps back as the memory is long",
      why: "an agent that learns then computes what it computed when it acted, so that ratios begin at 1",
    },
    {
      from: "V-MPO's own optimiser, and values normalised by PopArt",
      to: "Adam without momentum, its memory of squares of 20 updates; values as they are",
      why: "with the usual one the agent learns to walk and then nothing more: gradients have become a hundred times smaller",
    },
    {
      from: "cut-off episodes go on from the value of the last state",
      to: "the end of time is an end like any other",
      why: "time limits belong to these tasks",
    },
  ],
  claims: [
    {
      id: "memory",
      statement:
        "A gated transformer remembers over distances at which an LSTM of equal size forgets.",
      figure:
        "DMLab-30's memory tasks: GTrXL 117.6 over all tasks, LSTM 99.3; on Numpad and Memory Maze the LSTM falls behind as they grow (section 4)",
      direction:
        "In a T-maze of 100 steps, after 150,000 steps of learning, GTrXL turns as the cue said in more episodes than the LSTM.",
    },
    {
      id: "stability",
      statement: "Gates keep training from falling apart where a canonical transformer does.",
      figure:
        "no GTrXL of 25 with different learning rates and seeds diverged; TrXL scores 5.0 of 100 (section 4.3 and table 1)",
      direction:
        "Over the same learning rates and seeds fewer agents with gates than TrXL end without having learnt to remember.",
    },
    {
      id: "reactive",
      statement:
        "Where no memory is needed the gated transformer learns too, sooner than a canonical one.",
      figure:
        "DMLab-30's reactive tasks: GTrXL and TrXL-I learn as the LSTM does, TrXL does not (section 4.1)",
      direction: "The mean return over the training on the reactive task is above TrXL's.",
    },
    {
      id: "identity",
      statement:
        "The bias of the gate makes the agent begin near the identity, as one without memory.",
      figure:
        "b_g = 2 learns faster than 0 (section 3.2 and appendix: speed with and without the bias)",
      direction:
        "How far a stack of 12 blocks that has learnt nothing is from the identity falls with each step of b_g from -1 to 4.",
    },
  ],
};
