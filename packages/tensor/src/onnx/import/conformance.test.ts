import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { type OnnxOutcome, onnxCases, runOnnxCase } from "../../testing/onnx-cases.ts";

/** Where Debian's package `libonnx-testdata` puts its cases. */
const usual = "/usr/share/libonnx-testdata/data";
const root = process.env["QUIRE_ONNX_TESTDATA"] ?? usual;

/** Why cases fail, by their names; each must fail, and no other. */
const reasons: readonly (readonly [cases: RegExp, reason: string])[] = [
  [/^test_(strnorm|tfidfvectorizer)|_(to_)?STRING(_|$)/, "texts are no tensors here"],
  [
    /^test_(sequence_(insert|map)|split_to_sequence|optional|loop(13|16)_seq|loop16|loop13|if_(opt|seq)|identity_(opt|sequence))/,
    "a sequence or an optional value is an input or output; inside of a model they are read",
  ],
  [/^test_(adam|adagrad|momentum|nesterov)/, "an optimiser; Quire has its own"],
  [/^test_gradient_of_/, "asks for gradients inside of a file; Quire takes them itself"],
  [/^test_nonmaxsuppression_|^test_unique_/, "the shape of the result depends on data"],
  [/^test_bernoulli/, "the stored outputs are one draw of another generator"],
  [
    /^test_training_dropout(_default)?(_mask)?$/,
    "the stored outputs are one draw of another generator",
  ],
  [
    /^test_castlike_(FLOAT_to_BFLOAT16|BFLOAT16_to_FLOAT)/,
    "the stored input has another shape than its model declares",
  ],
  [/^test_cast_FLOAT_to_BFLOAT16$/, "bfloat16 is held as float32, so that nothing is rounded"],
  [
    /^test_resize_downsample_scales_(cubic|linear)_align_corners$/,
    "corners are aligned to whole sizes, as ONNX Runtime does",
  ],
  [
    /^test_maxunpool_export_with_output_shape$/,
    "places count in the asked shape, as in ONNX Runtime's kernel",
  ],
];

/** Operations that no transformer contains: texts, sequences at a model's edge, optimisers, boxes. */
const foreign =
  /^test_(strnorm|tfidfvectorizer|adam|adagrad|momentum|nesterov|gradient_of|nonmaxsuppression|unique|roialign|maxunpool|optional|sequence_(insert|map)|split_to_sequence|loop13_seq|loop16_seq|if_(opt|seq)|identity_(opt|sequence))|STRING/;

function reasonOf(name: string): string | undefined {
  return reasons.find(([cases]) => cases.test(name))?.[1];
}

function share(outcomes: readonly OnnxOutcome[]): string {
  const passed = outcomes.filter(({ failure }) => failure === undefined).length;
  return `${passed} of ${outcomes.length} (${((100 * passed) / outcomes.length).toFixed(1)} %)`;
}

function tableOf(outcomes: readonly OnnxOutcome[]): string {
  const operations = [...new Set(outcomes.map(({ operation }) => operation))].sort();
  const rows = operations.map((operation) => {
    const members = outcomes.filter((outcome) => outcome.operation === operation);
    const failed = members.filter(({ failure }) => failure !== undefined);
    const why = [...new Set(failed.map(({ name }) => reasonOf(name) ?? "?"))].join("; ");
    return `| ${operation} | ${members.length} | ${members.length - failed.length} | ${why} |`;
  });
  return ["| operation | cases | pass | why others do not |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

function pageOf(outcomes: readonly OnnxOutcome[]): string {
  const possible = outcomes.filter(({ name }) => !foreign.test(name));
  return `# ONNX operations that are read

ONNX's own operator tests (version 1.12, as Debian's \`libonnx-testdata\` has them): each model is imported, run by
ONNX Runtime as Quire writes it, and compared with the stored outputs, whole, with the tests' own tolerances
(relative 1e-3, absolute 1e-7). Inputs that decide shapes are given as constants. This page is written by
\`npm run onnx:operators\`, which wants \`QUIRE_ONNX_TESTDATA\` to name the data's folder where the package is not
installed.

- All cases: ${share(outcomes)} pass.
- Those whose operations a transformer can contain: ${share(possible)} pass. Left out are operations on texts,
  sequences and optional values at a model's edge, optimisers, and boxes around objects.

${tableOf(outcomes)}
`;
}

test("ONNX's own operator tests pass, but for those with a reason", async (context) => {
  if (!existsSync(root)) {
    context.skip(
      "ONNX's test data are not installed: Debian's libonnx-testdata, or QUIRE_ONNX_TESTDATA",
    );
  }
  const outcomes: OnnxOutcome[] = [];
  for (const item of onnxCases(root)) outcomes.push(await runOnnxCase(item));
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  expect(failed.filter(({ name }) => reasonOf(name) === undefined)).toEqual([]);
  const wronglyExpected = outcomes.filter(({ name, failure }) => reasonOf(name) && !failure);
  expect(wronglyExpected).toEqual([]);
  await expect(pageOf(outcomes)).toMatchFileSnapshot("../../../../../docs/onnx-operators.md");
}, 300_000);
