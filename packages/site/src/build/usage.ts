import type { Paper, TaskName } from "@quire/papers";

/** How a paper is used on one's own data. */
export interface Usage {
  /** What the data are to be. */
  readonly data: string;
  readonly commands: readonly string[];
  /** TypeScript, as HTML. */
  readonly call: string;
}

interface TaskUsage {
  readonly data: string;
  commands(id: string): readonly string[];
}

const byTask: Readonly<Record<TaskName, TaskUsage>> = {
  "image-classification": {
    data: "A folder that holds a folder of pictures for each class.",
    commands: (id) => [
      `npx quire train ${id} --data pictures`,
      `npx quire predict runs/${id}-1 --data picture.png`,
      `npx quire export runs/${id}-1`,
    ],
  },
  forecasting: {
    data: "A table with a column of times and a column, or several, to be forecast.",
    commands: (id) => [
      `npx quire train ${id} --data prices.csv --target close --horizon 24`,
      `npx quire predict runs/${id}-1 --data new.csv`,
      `npx quire export runs/${id}-1`,
    ],
  },
  "language-modelling": {
    data: "A text file, or a folder of texts.",
    commands: (id) => [
      `npx quire train ${id} --data notes`,
      `npx quire generate runs/${id}-1 --prompt "The king"`,
      `npx quire export runs/${id}-1`,
    ],
  },
  "tabular-prediction": {
    data: "A table, csv, xlsx, parquet or jsonl, of which one column is predicted from all others.",
    commands: (id) => [
      `npx quire train ${id} --data customers.csv --target left`,
      `npx quire predict runs/${id}-1 --data new.csv`,
      `npx quire export runs/${id}-1`,
    ],
  },
  linkage: {
    data: "Records and the group each belongs to; then two tables whose keys are written differently.",
    commands: (id) => [
      `npx quire train ${id} --data names.csv --on name --group company`,
      `npx quire link left.csv right.csv --on name --model runs/${id}-1`,
      `npx quire export runs/${id}-1`,
    ],
  },
  "sequence-labelling": {
    data: "A table of sequences and their labels, or a CoNLL file.",
    commands: (id) => [
      `npx quire train ${id} --data tags.csv`,
      `npx quire program runs/${id}-1 --input "the king"`,
      `npx quire export runs/${id}-1`,
    ],
  },
  "text-to-image": {
    data: "A folder of pictures, each with a text file of its caption, or a table of files and captions.",
    commands: (id) => [
      `npx quire train ${id} --data pictures`,
      `npx quire sample runs/${id}-1 --prompt "a red circle" --steps 20 --cfg 4.5`,
      `npx quire export runs/${id}-1`,
    ],
  },
  icon: {
    data: "A folder of SVG named by what they show, or the folder of a package of icons.",
    commands: (id) => [
      `npx quire train ${id} --data node_modules/@mdi/svg`,
      `npx quire draw runs/${id}-1 "arrow left circle" --count 8`,
      `npx quire export runs/${id}-1`,
    ],
  },
  control: {
    data: "An environment by its name, or a JavaScript file of your own that exports one.",
    commands: (id) => [
      `npx quire train ${id} --env t-maze --corridor 20`,
      `npx quire evaluate runs/${id}-1 --data t-maze:length=20`,
      `npx quire predict runs/${id}-1 --data t-maze:length=20`,
    ],
  },
  segmentation: {
    data: "A folder with a folder of pictures, images, and one of their masks, masks; or NIfTI volumes in the same way.",
    commands: (id) => [
      `npx quire train ${id} --data cells`,
      `npx quire predict runs/${id}-1 --data picture.png`,
      `npx quire export runs/${id}-1`,
    ],
  },
  method: {
    data: "A trained run or an ONNX file.",
    // Each has a command of its own, which its paper names.
    commands: (id) => [`npx quire show ${id}`],
  },
};

/** A call that builds a paper's system at its first size and counts its parameters. */
export function callOf({ id, presets }: Paper): string {
  const [name = "small"] = Object.keys(presets);
  return [
    'import { countParameters } from "@quire/nn";',
    `import { build } from "@quire/papers/${id}/model";`,
    `import { paper } from "@quire/papers/${id}/paper";`,
    "",
    `const { options, target } = paper.presets[${JSON.stringify(name)}]!;`,
    "const model = build(options, target);",
    "console.log(countParameters(model)); // a Module: train it, export it, look into it",
  ].join("\n");
}

/** The commands by which a paper is used. */
export function commandsOf({ id, task, commands }: Paper): readonly string[] {
  return commands ?? byTask[task].commands(id);
}

/** How a paper is used: by commands of its task, and by a call. */
export function usageOf(paper: Paper, highlight: (code: string) => string): Usage {
  const { data } = byTask[paper.task];
  return { data, commands: commandsOf(paper), call: highlight(callOf(paper)) };
}
