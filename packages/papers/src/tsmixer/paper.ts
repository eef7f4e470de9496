import type { Preset } from "../paper.ts";
import type { ForecastingPaper, ForecastTarget } from "../tasks/forecast-target.ts";
import type { TsMixerOptions } from "./model.ts";

type TsMixerPreset = Preset<TsMixerOptions, ForecastTarget>;

const etth1: ForecastTarget = {
  ...{ context: 512, horizon: 96, channels: 7, outputs: 7, known: 0, unit: "hour" },
};

/** The first is ours. */
const presets: Readonly<Record<string, TsMixerPreset>> = {
  small: {
    options: { width: 32, depth: 3, patch: 8, channels: "independent", gated: true },
    target: { ...etth1, context: 96, horizon: 24 },
    source: "CI-TSMixer with gates and short patches, for two cores and thousands of rows",
  },
  etth1: {
    options: {
      ...{ width: 48, depth: 2, patch: 16, channels: "independent", gated: true },
      variant: { expansion: 3, dropout: 0.5, headDropout: 0.7 },
    },
    target: etth1,
    source:
      "the configuration of the weights that the authors published for ETTh1 " +
      "(ibm-granite/granite-timeseries-patchtsmixer); they give no count",
  },
  default: {
    options: {
      ...{ width: 8, depth: 3, patch: 8, channels: "independent", gated: true },
      variant: { expansion: 2, dropout: 0.2, headDropout: 0.2 },
    },
    target: { ...etth1, context: 32, horizon: 16, channels: 1, outputs: 1 },
    source: "what PatchTSMixer of transformers is made of unless told otherwise; no count is given",
  },
};

/** TSMixer. */
export const paper: ForecastingPaper<TsMixerOptions> = {
  id: "tsmixer",
  title: "TSMixer: Lightweight MLP-Mixer Model for Multivariate Time Series Forecasting",
  authors: [
    "Vijay Ekambaram",
    "Arindam Jati",
    "Nam Nguyen",
    "Phanwadee Sinthong",
    "Jayant Kalagnanam",
  ],
  year: 2023,
  arXiv: "2306.09364",
  family: "tabular and time series",
  task: "forecasting",
  summary:
    "Series are cut into patches, and small MLPs mix in turn between the patches and within them, with a gate that lets " +
    "through what matters; no attention from place to place. Each channel is read by itself with the same weights, and " +
    "heads correct the forecast afterwards by other channels and by the means of longer stretches.",
  presets,
  settings: {
    channels: {
      kind: "choice",
      words: ["independent", "mixed", "joint"],
      summary: "Channels read by themselves, with mixers between them, or as one",
    },
    gated: { kind: "switch", summary: "Gated attention in every mixer" },
    reconcile: {
      kind: "choice",
      words: ["none", "channels", "hierarchy", "both"],
      summary: "Heads that correct the forecast: by all channels, by the means of patches",
    },
    width: { kind: "whole", summary: "Width of a patch's vector", from: 1, to: 8192 },
    depth: { kind: "whole", summary: "Mixer layers", from: 1, to: 64 },
    patch: { kind: "whole", summary: "Steps of a patch", from: 1, to: 65_536 },
  },
  recipe: { epochs: 20, batchSize: 32, learningRate: 3e-3, warmUp: 0.5, weightDecay: 0 },
  deviations: [
    {
      from: "a backbone may be trained first to fill in masked patches",
      to: "left out; training is by forecasts alone",
      why: "a run here has one training, and its data are the user's own",
    },
    {
      from: "the hierarchy head foretells sums of patches, whose squared errors are divided by the squared length",
      to: "it foretells means",
      why: "the loss is the same, and the head's numbers have the size of the series'",
    },
    {
      from: "the horizon is a multiple of the patch",
      to: "a last patch of the horizon may be shorter; its mean is not among the loss's terms",
      why: "users choose their horizons",
    },
    {
      from: "forecasts of all channels are corrected by forecasts",
      to: "values that are known ahead stand in place of their forecasts in the cross-channel head",
      why: "users have calendars of prices and holidays; without such columns nothing differs",
    },
    {
      from: "a learning rate of each data set's own",
      to: "3e-3, which rises for half an epoch and falls as a cosine",
      why: "the length of a training is the user's choice",
    },
    {
      from: "settings are searched for each data set and system",
      to: "all systems of the claims have one size and one learning rate, chosen without a search",
      why: "none is favoured by it, and a search has yet to be made",
    },
    {
      from: "official weights can be read",
      to: "there is no reader of them",
      why: "it has not been written",
    },
  ],
  claims: [
    {
      id: "patch-transformer",
      statement: "CI-TSMixer forecasts better than a transformer of the same patches (PatchTST).",
      figure: "1 to 2 % below PatchTST's error (the abstract)",
      direction: "On two data sets TSMixer's MSE is below the patch transformer's.",
    },
    {
      id: "channels",
      statement:
        "Reading each channel by itself forecasts better than reading all channels as one (V-TSMixer).",
      figure:
        "section 4 compares the backbones on seven data sets; no number is taken from it here",
      direction: "On two data sets the MSE of CI-TSMixer is below V-TSMixer's.",
    },
    {
      id: "naive",
      statement: "TSMixer forecasts better than repeating the last season.",
      figure: "none: the paper does not compare with it, and everyone should",
      direction: "On two data sets TSMixer's MSE is below the seasonal naive forecast's.",
    },
    {
      id: "cost",
      statement:
        "Training takes two to three times less time and memory than a transformer of the same patches.",
      figure: "2 to 3 times less of both than PatchTST (the abstract)",
      direction:
        "A training step at 512 steps of the past takes at most half of the patch transformer's time and memory.",
    },
  ],
};
