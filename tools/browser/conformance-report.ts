/** A case as a backend is given it. */
export interface Case {
  readonly stored: {
    readonly op: string;
    readonly label: string;
    readonly inputs: readonly StoredInput[];
    /** What flows back to each operand, where other software says it. */
    readonly gradients?: readonly (object | null)[];
  };
  readonly tolerance?: number;
}

/** An operand of a case; numbers that JSON lacks are spelled out. */
export interface StoredInput {
  readonly dtype: string;
  readonly data: readonly (number | string)[];
}

/** Where a backend is held less strictly, or, without a tolerance, not at all; and why. */
export interface Exception {
  readonly backends: readonly string[];
  readonly ops: readonly string[];
  /** Only with operands of these dtypes. */
  readonly dtypes?: readonly string[];
  readonly tolerance?: number;
  readonly reason: string;
}

/** How a case came out; nothing said is nothing wrong. */
export interface Outcome {
  readonly op: string;
  readonly label: string;
  readonly dtype: string;
  readonly hasGradient: boolean;
  readonly values?: string;
  readonly gradients?: string;
}

/** What a backend did. */
export interface Ran {
  readonly backend: string;
  readonly outcomes: readonly Outcome[];
  readonly skipped: readonly Case[];
  readonly losses: readonly number[];
  readonly seconds: number;
  /** Why it went no further, where it broke or gave no answer in time. */
  readonly failure?: string;
}

/** A kernel that is passed over on GPUs, and why. */
export interface KernelGap {
  readonly type: string;
  readonly why: string;
}

/** Everything that the written report is made of. */
export interface Findings {
  readonly ran: readonly Ran[];
  readonly exceptions: readonly Exception[];
  readonly gaps: readonly KernelGap[];
  readonly lossTolerance: number;
}

const shortNames: Readonly<Record<string, string>> = {
  float32: "f32",
  float16: "f16",
  int32: "i32",
  int64: "i64",
  uint8: "u8",
  bool: "bool",
};

/** The exception that a case falls under on a backend. */
export function exceptionFor(
  { stored }: Case,
  backend: string,
  exceptions: readonly Exception[],
): Exception | undefined {
  const dtype = stored.inputs[0]?.dtype ?? "";
  return exceptions.find(
    ({ backends, ops, dtypes }) =>
      backends.includes(backend) && ops.includes(stored.op) && (dtypes?.includes(dtype) ?? true),
  );
}

function hasFailed({ values, gradients }: Outcome): boolean {
  return values !== undefined || gradients !== undefined;
}

/** The largest difference of a backend's losses from another's. */
function apart(one: Ran, other: Ran): number {
  return Math.max(...one.losses.map((loss, i) => Math.abs(loss - (other.losses[i] ?? Number.NaN))));
}

/** Everything of a backend that is not as it should be: cases, the training step's losses, an early end. */
function failuresOf(one: Ran, first: Ran, lossTolerance: number): string[] {
  const cases = one.outcomes.filter(hasFailed).map(({ op, label, dtype, values, gradients }) => {
    const what = [values, gradients && `gradient ${gradients}`].filter(Boolean).join("; ");
    return `${op} of ${dtype}, ${label}: ${what}`;
  });
  if (one.failure !== undefined) return [...cases, one.failure];
  const off = apart(one, first);
  const loss = `the training step's losses differ by ${off.toExponential(1)} from ${first.backend}'s`;
  return off <= lossTolerance ? cases : [...cases, loss];
}

/** What is said of a backend. */
export interface Verdict {
  readonly backend: string;
  readonly state: "passed" | "failed" | "skipped";
  /** Its counts, or why it is left out. */
  readonly text: string;
  readonly failures: readonly string[];
}

/** A backend's counts, and all that failed on it. */
export function verdictOf(one: Ran, first: Ran, lossTolerance: number): Verdict {
  const passed = one.outcomes.filter((outcome) => !hasFailed(outcome)).length;
  const gradients = one.outcomes.filter(({ hasGradient }) => hasGradient).length;
  const steps =
    one.failure === undefined
      ? `${one.losses.length} training steps, losses within ${apart(one, first).toExponential(1)}`
      : "it went no further";
  const text =
    `${passed} of ${one.outcomes.length} cases pass (${gradients} with gradients), ` +
    `${one.skipped.length} skipped; ${steps}; ${one.seconds.toFixed(0)} s`;
  const failures = failuresOf(one, first, lossTolerance);
  const state = failures.length > 0 ? "failed" : "passed";
  return { backend: one.backend, state, text, failures };
}

/** The document that is written: counts, the table, and the reasons of all that is not as it should be. */
export function report({ ran, exceptions, gaps, lossTolerance }: Findings): string {
  const first = ran[0] as Ran;
  return `${[
    "# Conformance",
    "Written by `npm run conformance`; do not edit. Every operation is held against values and\n" +
      "gradients that other software computed, stored in `packages/tensor/references`, within 1e-5; in\n" +
      "dtypes that are not stored, against the values of Node's processor.",
    countsTable(ran, first),
    "The training steps are those of the smallest GPT of `bench/step` and of a small classifier of pictures with\n" +
      `convolutions: ${first.losses.length / 2} steps of Adam each, from the same weights. Their losses may differ from those of\n` +
      `Node's processor by ${lossTolerance}.`,
    "## Operations by backend and dtype",
    "A dtype stands where all its cases pass, with ∂ where gradients are among them, and is struck out\n" +
      "where one fails; a number refers to the reasons below. What is missing, the operation does not take.",
    operationsTable(ran, exceptions),
    "## Held less strictly, or skipped",
    exceptions.map((exception, i) => exceptionText(exception, i)).join("\n"),
    "## What WebGPU leaves to the processor",
    "ONNX Runtime computes int64 always, uint8 and bool often, and slices of int32 on the processor, with\n" +
      "copies around; indices are int32 in Quire for that reason. So it does with graphs that hold a tensor\n" +
      "without elements; with float16 where the adapter lacks `shader-f16`, as the software adapter does\n" +
      "that this table was measured on; and with these nodes, which Quire takes off the GPU because a\n" +
      "kernel there is missing or wrong:",
    gaps.map(({ type, why }) => `- \`${type}\` ${why}.`).join("\n"),
  ].join("\n\n")}\n`;
}

function countsTable(ran: readonly Ran[], first: Ran): string {
  const rows = ran.map((one) => {
    const failed = one.outcomes.filter(hasFailed).length;
    const gradients = one.outcomes.filter(({ hasGradient }) => hasGradient).length;
    const cells = [
      one.backend,
      one.outcomes.length - failed,
      failed,
      one.skipped.length,
      gradients,
      apart(one, first).toExponential(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| backend | cases that pass | fail | skipped | with gradients | training steps: losses within |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function exceptionText({ backends, ops, dtypes, tolerance, reason }: Exception, i: number): string {
  const what = `${ops.map((op) => `\`${op}\``).join(", ")}${dtypes ? ` of ${dtypes.join(", ")}` : ""}`;
  const how = tolerance === undefined ? "skipped" : `within ${tolerance}`;
  return `${i + 1}. ${what} on ${backends.join(" and ")}: ${how}, for ${reason}.`;
}

function operationsTable(ran: readonly Ran[], exceptions: readonly Exception[]): string {
  const all = ran.flatMap(({ outcomes, skipped }) => [
    ...outcomes.map(({ op }) => op),
    ...skipped.map(({ stored }) => stored.op),
  ]);
  const rows = [...new Set(all)].sort().map((op) => {
    const cells = ran.map((one) => cellOf(op, one, exceptions));
    return `| ${[`\`${op}\``, ...cells].join(" | ")} |`;
  });
  return [
    `| operation | ${ran.map(({ backend }) => backend).join(" | ")} |`,
    `|---|${ran.map(() => "---").join("|")}|`,
    ...rows,
  ].join("\n");
}

function cellOf(op: string, { backend, outcomes, skipped }: Ran, exceptions: readonly Exception[]) {
  const own = outcomes.filter((outcome) => outcome.op === op);
  const left = skipped.filter(({ stored }) => stored.op === op);
  return Object.entries(shortNames)
    .flatMap(([dtype, short]) => {
      const cases = own.filter((outcome) => outcome.dtype === dtype);
      const isSkipped = left.some(({ stored }) => stored.inputs[0]?.dtype === dtype);
      if (cases.length === 0 && !isSkipped) return [];
      const stored = { op, label: "", inputs: [{ dtype, data: [] }] };
      const exception = exceptionFor({ stored }, backend, exceptions);
      const note = exception ? ` (${exceptions.indexOf(exception) + 1})` : "";
      const slope = cases.some(({ hasGradient }) => hasGradient) ? "∂" : "";
      const isBad = isSkipped || cases.some(hasFailed);
      return [`${isBad ? `~~${short}~~` : short + slope}${note}`];
    })
    .join(" ");
}
