import type { Preset } from "../paper.ts";
import type { TextToImagePaper, TextToImageTarget } from "../tasks/text-to-image-target.ts";
import type { PixArtOptions, PixArtVariant } from "./model.ts";

type PixArtPreset = Preset<PixArtOptions, TextToImageTarget>;

/** T5's XXL encoder and Stable Diffusion's autoencoder stay outside of the published sizes, as in the official code. */
const outside = {
  text: { given: 4096 },
  latents: { given: 4, factor: 8 },
} as const satisfies Partial<PixArtOptions>;

const xl = {
  ...{ width: 1152, depth: 28, heads: 16, patch: 2, modulation: "single", ...outside },
} as const satisfies PixArtOptions;

/** Where the official code keeps what stands for no caption as it was drawn. */
const official: PixArtVariant = { nothing: "fixed" };

function pictures(side: number): TextToImageTarget {
  return { height: side, width: side, channels: 3, vocabulary: 32_128, length: 120 };
}

const own: Omit<PixArtOptions, "latents"> = {
  ...{ width: 96, depth: 4, heads: 4, patch: 2, modulation: "single" },
  text: { width: 64, depth: 2, heads: 4 },
  /// Grids of every size are stretched to one, so that a run goes on at another resolution.
  variant: { base: 16 },
};

const counted = "counted from the official code, diffusion/model/nets";

const presets: Readonly<Record<string, PixArtPreset>> = {
  small: {
    options: { ...own, latents: "pixels" },
    target: { height: 16, width: 16, channels: 3, vocabulary: 512, length: 16 },
    source: "of ours, for pictures of at most 24 pixels: the diffusion runs over pixels",
    defaultFor: [4, 24],
  },
  latent: {
    options: { ...own, latents: { channels: 4, widths: [32, 64] } },
    target: { height: 32, width: 32, channels: 3, vocabulary: 512, length: 16 },
    source:
      "of ours, for pictures of 25 to 64 pixels: the diffusion runs over latents of half the side",
    defaultFor: [25, 64],
  },
  "latent-4": {
    options: { ...own, width: 192, heads: 6, latents: { channels: 4, widths: [32, 64, 96] } },
    target: { height: 128, width: 128, channels: 3, vocabulary: 2048, length: 32 },
    source:
      "of ours, for larger pictures: the diffusion runs over latents of a quarter of the side",
    defaultFor: [65, 4096],
  },
  "XL-2-256": {
    options: { ...xl, variant: { ...official, scale: 0.5 } },
    target: pictures(256),
    parameters: 610_856_096,
    source: `0.6 B in the abstract; ${counted}/PixArt.py`,
    note: "as at 512 pixels; positions count on the grid's own side",
  },
  "XL-2-512": {
    options: { ...xl, variant: official },
    target: pictures(512),
    parameters: 610_856_096,
    source: `0.6 B in the abstract; ${counted}/PixArt.py`,
  },
  "XL-2-1024-MS": {
    options: { ...xl, variant: { ...official, scale: 2, micro: true } },
    target: pictures(1024),
    parameters: 611_349_152,
    source: `${counted}/PixArtMS.py`,
    note: "with the picture's size and aspect as conditions",
  },
  "XL-2-adaLN": {
    options: { ...xl, modulation: "block", variant: official },
    target: pictures(256),
    source:
      "what adaLN-single is compared with in the paper's ablation study: an adaLN in each block",
    note: "the paper says 833 M, without saying what it counts",
  },
};

/** PixArt-α. */
export const paper: TextToImagePaper<PixArtOptions> = {
  id: "pixart-alpha",
  title:
    "PixArt-α: Fast Training of Diffusion Transformer for Photorealistic Text-to-Image Synthesis",
  authors: [
    "Junsong Chen",
    "Jincheng Yu",
    "Chongjian Ge",
    "Lewei Yao",
    "Enze Xie",
    "Yue Wu",
    "Zhongdao Wang",
    "James Kwok",
    "Ping Luo",
    "Huchuan Lu",
    "Zhenguo Li",
  ],
  year: 2023,
  arXiv: "2310.00426",
  family: "diffusion",
  task: "text-to-image",
  summary:
    "A diffusion transformer that draws what a text says, for a tenth of the usual cost. Its training is parted: pictures " +
    "first, from a model that knows no captions; then captions, which blocks attend to; then few and beautiful pictures at " +
    "rising resolution. One modulation of time is shared by all blocks, each adding a learned table of its own, which saves " +
    "a quarter of the parameters and lets the prior's weights be taken over exactly at one time.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the transformer", from: 16, to: 8192 },
    depth: { kind: "whole", summary: "Blocks of the transformer", from: 1, to: 128 },
    heads: { kind: "whole", summary: "Heads of its attention", from: 1, to: 128 },
    patch: { kind: "whole", summary: "Side of a patch", from: 1, to: 64 },
    modulation: {
      kind: "choice",
      summary: "How time changes the blocks: one adaLN for all, one in each, or not",
      words: ["single", "block", "none"],
    },
  },
  /// The official configurations train at 2e-5 from a trained prior, with a weight decay of 0.03 and gradients cut at 0.01
  /// to 1; from nothing a small network needs a higher rate.
  recipe: {
    epochs: 2000,
    batchSize: 64,
    learningRate: 1e-3,
    warmUp: 5,
    weightDecay: 0.03,
    clipNorm: 1,
    average: 0.999,
    autoencoderEpochs: 2000,
    priorEpochs: 2000,
  },
  deviations: [
    {
      from: "T5-XXL's encoder, frozen, gives the captions' states",
      to: "an encoder of T5's form is trained together with the transformer, by the same loss",
      why: "4.3 billion weights that no package holds; captions of one data set need far fewer",
    },
    {
      from: "Stable Diffusion's autoencoder, frozen, a factor of 8, trained with a perceptual loss and a critic",
      to: "a small one of the same blocks without attention, trained in the first stage by absolute error and divergence; small pictures go without",
      why: "its weights are in no package; of pictures of 16 pixels a factor of 8 leaves nothing",
    },
    {
      from: "the prior is DiT-XL/2, trained on the classes of ImageNet for 7 million steps",
      to: "a prior of the same form, trained on the user's pictures without classes; one of classes is taken over as it draws without one",
      why: "its weights are in no package",
    },
    {
      from: "the third stage trains on few pictures of high aesthetic score, in buckets of aspect",
      to: "a run that begins with another one's weights (--from), on whatever pictures at whatever size the user chooses",
      why: "which pictures are beautiful is the user's to say",
    },
    {
      from: "what stands for no caption stays as it was drawn in the official code, a buffer",
      to: "it is learned in our own sizes; the published sizes keep it as it was",
      why: "the paper calls it learned, and without T5's states for an empty text there is nothing to put there",
    },
    {
      from: "the official guidance changes the first three of four latent channels alone",
      to: "all channels",
      why: "that is what the paper says; three is left over from pixels",
    },
    {
      from: "AdamW at 2e-5",
      to: "1e-3 falling as a cosine, after five epochs of warm-up",
      why: "the official rate fine-tunes a trained prior",
    },
  ],
  claims: [
    {
      id: "reparameterization",
      statement:
        "A prior with an adaLN in each block is taken over into adaLN-single so that both say the same at one time.",
      figure: "section 2.3: E is chosen so that the modulation at t = 500 is the prior's",
      direction:
        "At the kept time the largest difference of what a trained prior and the network say is below 1e-4 of the largest value, and at both ends of time at least a hundred times as large.",
    },
    {
      id: "adaln-single",
      statement:
        "One modulation for all blocks, with a table in each, saves a quarter of the parameters and draws as well.",
      figure: "611 M parameters instead of 833 M, 26 % fewer, as good to look at (ablation study)",
      direction:
        "The transformer has at least 20 % fewer parameters, and after as many steps its denoising loss is that of an adaLN in each block, within the noise of the seeds.",
    },
    {
      id: "time",
      statement: "Blocks need to know the time.",
      figure: "no number: all compared designs modulate by time",
      direction: "Both modulations have a lower denoising loss than none, after as many steps.",
    },
    {
      id: "pixel-prior",
      statement: "Beginning with a prior of pictures alone spares training with captions.",
      figure:
        "the quality of Stable Diffusion 1.5 in 10.8 % of its training time, with all three stages (abstract)",
      direction:
        "The denoising loss is lower where a prior came before than after the same epochs with captions, and than after as many epochs in all.",
    },
    {
      id: "samplers",
      statement: "DDPM, DDIM and DPM-Solver draw what the network knows, solvers by their order.",
      figure: "20 steps of DPM-Solver, the official code's default",
      direction:
        "For one normal distribution, whose best denoiser is known, errors fall by the orders 1, 1, 2 and 3, and draws have its mean and deviation.",
    },
    {
      id: "twenty-steps",
      statement: "Of 20 steps, DPM-Solver++ of order 2 makes more than DDIM.",
      figure: "20 steps of DPM-Solver are the official code's default; IDDPM takes 100 there",
      direction:
        "For normal distributions from narrow to as wide as the noise, whose best denoiser is known, the error of 20 steps is smaller than DDIM's.",
    },
    {
      id: "prompt-following",
      statement: "Drawings show what their captions say.",
      figure: "the best of compared systems in most categories of T2I-CompBench",
      direction:
        "A classifier of emoji's groups, trained on pictures that the system has not seen, puts more drawings of unseen captions, by five points at least, into the caption's group than drawings made without a caption.",
    },
    {
      id: "guidance",
      statement: "Guidance makes drawings follow their captions more.",
      figure: "a guidance of 4.5 is the official code's default",
      direction: "The same classifier finds the group more often with a guidance of 4.5 than of 1.",
    },
  ],
};
