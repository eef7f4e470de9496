import type { Preset } from "../paper.ts";
import type { ForecastingPaper, ForecastTarget } from "../tasks/forecast-target.ts";
import type { InformerOptions } from "./model.ts";

type InformerPreset = Preset<InformerOptions, ForecastTarget>;

function hourly(channels: number): ForecastTarget {
  const sizes = { channels, outputs: channels, known: 0 };
  return { context: 96, horizon: 24, ...sizes, unit: "hour" };
}

function sized(encoders: readonly number[], decoder: number): InformerOptions {
  return { width: 512, heads: 8, encoders, decoder, hidden: 2048, start: 48 };
}

const code = "the official code's scripts; counted by that code";

/** The sizes that the official scripts train; the first is ours. */
const presets: Readonly<Record<string, InformerPreset>> = {
  small: {
    options: {
      ...{ width: 64, heads: 4, encoders: [2], decoder: 1, hidden: 128, start: 48 },
      attention: "prob",
      variant: { factor: 5, distil: true, mix: true, times: "features", dropout: 0.05 },
    },
    target: hourly(7),
    source: "the official layers at an eighth of the width, for two cores and thousands of rows",
  },
  ett: {
    options: sized([2], 1),
    target: hourly(7),
    parameters: 11_330_055,
    source: `ETTh1, ETTh2 and ETTm1, several channels: ${code}`,
  },
  ett_univariate: {
    options: sized([2], 1),
    target: hourly(1),
    parameters: 11_308_545,
    source: `ETTh1, ETTh2 and ETTm1, one channel: ${code}`,
  },
  ett_stack: {
    options: sized([3, 2, 1], 1),
    target: hourly(7),
    parameters: 25_517_575,
    source:
      "InformerStack as the official command has it unless told otherwise; counted by that code",
  },
  weather: {
    options: sized([3], 2),
    target: hourly(12),
    parameters: 19_492_364,
    source: `WTH, several channels: ${code}`,
  },
  weather_univariate: {
    options: sized([2], 1),
    target: hourly(1),
    parameters: 11_308_545,
    source: `WTH, one channel and short horizons: ${code}`,
  },
  electricity: {
    options: sized([3], 2),
    target: hourly(321),
    parameters: 20_600_129,
    source: "ECL, 321 channels, with the layers of the weather runs; counted by the official code",
  },
};

/** Informer. */
export const paper: ForecastingPaper<InformerOptions> = {
  id: "informer",
  title: "Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting",
  authors: [
    "Haoyi Zhou",
    "Shanghang Zhang",
    "Jieqi Peng",
    "Shuai Zhang",
    "Jianxin Li",
    "Hui Xiong",
    "Wancai Zhang",
  ],
  year: 2020,
  arXiv: "2012.07436",
  family: "tabular and time series",
  task: "forecasting",
  summary:
    "A transformer for long series. Only the queries whose attention is far from uniform attend, found by a sample of " +
    "the keys, so that time and memory grow as the length times its logarithm; the encoder halves the length after " +
    "each layer; and the decoder writes the whole forecast in one pass, from the end of the past and zeros.",
  presets,
  settings: {
    attention: {
      kind: "choice",
      words: ["prob", "full"],
      summary: "ProbSparse attention, or the usual full one",
    },
    width: { kind: "whole", summary: "Width of the model", from: 1, to: 8192 },
    heads: { kind: "whole", summary: "Heads of attention", from: 1, to: 128 },
    decoder: { kind: "whole", summary: "Layers of the decoder", from: 1, to: 24 },
    hidden: { kind: "whole", summary: "Width of the feed-forward networks", from: 1, to: 65_536 },
    start: {
      kind: "whole",
      summary: "Last steps of the past that the decoder starts from",
      from: 1,
      to: 65_536,
    },
  },
  /// Section 4.2 and the official command: Adam at 1e-4, batches of 32, at most 6 to 8 epochs.
  recipe: { epochs: 8, batchSize: 32, learningRate: 1e-3, warmUp: 0.5, weightDecay: 0 },
  deviations: [
    {
      from: "inference draws new keys to measure queries by at each call",
      to: "inference measures by one fixed draw; training draws anew at each step",
      why: "the same data give the same forecast, here and in any ONNX Runtime",
    },
    {
      from: "the measure divides by the number of sampled keys (eq. 4)",
      to: "it divides by the number of all keys, as the official code does",
      why: "the published results and weights come from that code",
    },
    {
      from: "a learning rate of 1e-4 that is halved after each epoch",
      to: "1e-3, which rises for half an epoch and falls as a cosine",
      why: "our small size learns at a higher rate, and the length of a training is the user's choice",
    },
    {
      from: "all that the decoder does not know yet is zero",
      to: "covariates that are known ahead stand in their places",
      why: "users have calendars of prices and holidays; without such columns nothing differs",
    },
    {
      from: "sampled products are computed for the sampled keys alone",
      to: "up to 512 keys they are taken out of all products",
      why: "the values are the same, and one large product is faster there than many small ones",
    },
  ],
  claims: [
    {
      id: "accuracy",
      statement: "ProbSparse attention forecasts as well as full attention or better.",
      figure:
        "ETTh1, 24 steps: MSE 0.577, 0.620 with full attention (table 2; Informer and Informer†), several channels",
      direction:
        "On two data sets the MSE of ProbSparse attention is at most 10 % above that of full attention.",
    },
    {
      id: "lstm",
      statement: "Informer forecasts better than an LSTM.",
      figure: "ETTh1, 24 steps: MSE 0.577 against 0.650 of LSTMa (table 2)",
      direction: "On two data sets Informer's MSE is below the LSTM's.",
    },
    {
      id: "naive",
      statement: "Informer forecasts better than repeating the last season.",
      figure: "none: the paper does not compare with it, and everyone should",
      direction: "On two data sets Informer's MSE is below the seasonal naive forecast's.",
    },
    {
      id: "growth",
      statement:
        "Time and memory of an encoder of ProbSparse attention grow as the length times its logarithm, those of full attention as its square.",
      figure: "O(L log L) against O(L²) for both (section 3.2, table 4)",
      direction:
        "Fitted to 256 to 8,192 steps, both exponents are under 1.3 with ProbSparse attention and above 1.6 with full attention.",
    },
    {
      id: "one-pass",
      statement: "One pass of the decoder is faster than step by step decoding.",
      figure: "the paper's figure 5 shows the decoder's time flat in the horizon, without a number",
      direction: "Forecasting 96 steps in one pass is at least 10 times as fast as in 96 passes.",
    },
  ],
};
