// B sequences, T places, R = B T rows, N categorical variables, M numbers, V values of a variable, L labels

import {
  type Choice,
  Dropout,
  gumbelChoice,
  hardChoice,
  inference,
  type Mode,
  Module,
  softChoice,
  straightThrough,
  Temperature,
  type TemperatureOptions,
} from "@quire/nn";
import {
  add,
  arange,
  causalMask,
  concat,
  constant,
  div,
  embedding,
  expand,
  full,
  gather,
  hostTensor,
  logicalAnd,
  matmul,
  mul,
  notEqual,
  oneHot,
  QuireError,
  reshape,
  sizeOf,
  split,
  sub,
  sum,
  type Tensor,
  transpose,
  unsqueeze,
  type Variable,
  where,
} from "@quire/tensor";
import {
  type LearnedProgram,
  PADDING,
  type SequenceModelDescription,
  type SequenceNetwork,
  type SequenceTarget,
} from "../tasks/sequence-target.ts";
import { discretise } from "./discretise.ts";
import type { TieBreak } from "./distance.ts";
import { CategoricalHeads, type HeadInputs, NumericalHeads } from "./heads.ts";
import { learnedProgram } from "./learned-program.ts";
import { type LookupOptions, Lookups } from "./lookup.ts";
import { drawn, read } from "./reading.ts";

/** What a token is made into at first. */
export interface TokenOptions {
  /** The token itself as one variable, or so many variables that are learnt (section 3.4). */
  readonly categorical: "token" | number;
  /** Numbers of a token: all are 1, so that numerical heads count, or they are learnt. */
  readonly numbers: number;
  readonly numerical: "ones" | "learned";
}

/** Heads of a layer. */
export interface ProgramHeads {
  readonly categorical: number;
  readonly numerical: number;
  readonly kind: "predicate" | "score";
  readonly tieBreak: TieBreak;
  /** Whether numerical heads sum the first number only: they then count matches. */
  readonly counts?: boolean;
  /** What scores are divided by; the square root of the cardinality unless said. */
  readonly temperature?: number;
}

/** Feed-forward modules of a layer. */
export interface ProgramLookups extends Pick<LookupOptions, "reads" | "hidden" | "activation"> {
  readonly categorical: number;
  readonly numerical: number;
}

/** How choices are relaxed in training. */
export interface Relaxation extends TemperatureOptions {
  readonly kind: "gumbel" | "gumbel-hard" | "softmax";
}

/** What tells one transformer program from another, and how large it is. */
export interface TransformerProgramOptions {
  readonly tokens: TokenOptions;
  /** Values of a categorical variable; the larger of vocabulary and length unless said. */
  readonly cardinality?: number;
  readonly depth: number;
  readonly heads: ProgramHeads;
  readonly lookups: ProgramLookups;
  /** Whether labels are read from numbers too. */
  readonly readsNumbers: boolean;
  readonly relaxation: Relaxation;
  /** Share of what heads and modules append that training drops; 0 unless said. */
  readonly dropout?: number;
}

/** The streams of variables between layers. */
interface Streams {
  /** `[N, R, V]` */
  readonly categorical: Tensor;
  /** `[M, R]` */
  readonly numerical: Tensor;
}

/** Heads and feed-forward modules, each of which appends a variable to the stream. */
export class ProgramLayer extends Module {
  readonly categoricalHeads: CategoricalHeads | undefined;
  readonly numericalHeads: NumericalHeads | undefined;
  readonly categoricalLookups: Lookups | undefined;
  readonly numericalLookups: Lookups | undefined;
  readonly dropout: Dropout;

  constructor(options: Sized, before: { readonly variables: number; readonly numbers: number }) {
    super();
    const { heads, lookups, cardinality, length } = options;
    const { variables, numbers } = before;
    const { categorical, numerical, kind, tieBreak, counts = false, temperature } = heads;
    const each = { variables, cardinality };
    if (categorical > 0) {
      this.categoricalHeads = new CategoricalHeads({
        ...{ ...each, heads: categorical, kind, tieBreak, length },
        ...(temperature !== undefined && { temperature }),
      });
    }
    if (numerical > 0) {
      this.numericalHeads = new NumericalHeads({ ...each, heads: numerical, numbers, counts });
    }
    const made = { ...lookups, cardinality };
    if (lookups.categorical > 0) {
      const read = { variables: variables + categorical, values: cardinality };
      this.categoricalLookups = new Lookups(lookups.categorical, { ...made, ...read });
    }
    if (lookups.numerical > 0) {
      const read = { variables: numbers + numerical, values: 1 };
      this.numericalLookups = new Lookups(lookups.numerical, { ...made, ...read });
    }
    this.dropout = new Dropout(options.dropout ?? 0);
  }

  forward({ categorical, numerical }: Streams, inputs: HeadInputs, mode: Mode): Streams {
    const { choose } = inputs;
    const drop = (added: Tensor): Tensor => this.dropout.forward(added, mode);
    const [copied, summed] = this.#attend({ categorical, numerical }, inputs);
    const variables = [categorical, ...copied.map(drop)];
    const numbers = [numerical, ...summed.map(drop)];
    const logits = [
      ...(this.categoricalLookups ? [this.categoricalLookups.forward(variables, choose)] : []),
      ...(this.numericalLookups
        ? [this.numericalLookups.forward(numbers.map(asVariables), choose)]
        : []),
    ];
    if (logits.length > 0) variables.push(drop(choose(joined(logits))));
    return { categorical: joined(variables), numerical: joined(numbers) };
  }

  /** What heads append to the variables and to the numbers; all gates of variables choose, and read, at once. */
  #attend(
    { categorical, numerical }: Streams,
    inputs: HeadInputs,
  ): readonly [copied: readonly Tensor[], summed: readonly Tensor[]] {
    const { categoricalHeads: copying, numericalHeads: counting } = this;
    const gates = [...(copying?.gates() ?? []), ...(counting?.gates() ?? [])];
    if (gates.length === 0) return [[], []];
    const taken = split(
      read(joined(gates), categorical, inputs.choose),
      gates.map(({ shape: [heads = 0] }) => heads),
    );
    return [
      copying ? [copying.forward(taken, inputs)] : [],
      counting ? [counting.forward(taken.slice(copying ? 3 : 0), numerical, inputs)] : [],
    ];
  }
}

/** Numbers as variables of one value. `[M, R] -> [M, R, 1]` */
function asVariables(numbers: Tensor): Tensor {
  return unsqueeze(numbers, [2]);
}

function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : concat(parts);
}

/** Options with the cardinality and the length that a target gives them. */
type Sized = TransformerProgramOptions & { readonly cardinality: number; readonly length: number };

/**
 * A transformer whose residual stream is a list of named variables, each of which is one of a few values or a number.
 * What heads and modules read is chosen by gates, and which key value a query value looks for by a table. Training
 * relaxes all these choices; the trained model makes them, and is a program.
 *
 * @throws QuireError when tokens or places are more than a variable has values.
 */
export class TransformerProgram extends Module implements SequenceNetwork {
  /** Logits of each token's values; none where a token is its own value. `[N V, vocabulary]` */
  readonly tokenValues: Variable | undefined;
  /** Numbers of each token, where they are learnt. `[vocabulary, M]` */
  readonly tokenNumbers: Variable | undefined;
  readonly layers: readonly ProgramLayer[];
  /** What each value of each variable says for each label. `[N V + M, L]` */
  readonly labels: Variable;
  readonly temperature: Temperature;
  readonly options: TransformerProgramOptions & { readonly cardinality: number };
  readonly target: SequenceTarget;

  constructor(options: TransformerProgramOptions, target: SequenceTarget) {
    super();
    const { vocabulary, length, labels } = target;
    const { tokens, heads, lookups, depth, readsNumbers } = options;
    const cardinality = options.cardinality ?? Math.max(vocabulary, length);
    checkSizes(tokens, cardinality, target);
    this.options = { ...options, cardinality };
    this.target = target;
    const embedded = tokens.categorical === "token" ? 1 : tokens.categorical;
    if (tokens.categorical !== "token") {
      this.tokenValues = drawn([embedded * cardinality, vocabulary], embedded * cardinality);
    }
    if (tokens.numerical === "learned") {
      this.tokenNumbers = drawn([vocabulary, tokens.numbers], tokens.numbers);
    }
    const added = heads.categorical + lookups.categorical + lookups.numerical;
    this.layers = Array.from({ length: depth }, (_, layer) => {
      const variables = embedded + 1 + layer * added;
      const numbers = tokens.numbers + layer * heads.numerical;
      return new ProgramLayer({ ...this.options, length }, { variables, numbers });
    });
    const variables = embedded + 1 + depth * added;
    const numbers = readsNumbers ? tokens.numbers + depth * heads.numerical : 0;
    this.labels = drawn([variables * cardinality + numbers, labels], labels);
    this.temperature = new Temperature(options.relaxation);
  }

  /** What it does as a program, once all choices are made. */
  async program(description: SequenceModelDescription): Promise<LearnedProgram> {
    return learnedProgram(await discretise(this, description));
  }

  /** Says in how many steps of training the temperature falls. */
  prepare(steps: number): void {
    this.temperature.spread(steps);
  }

  /** Logits of each place's labels, or of the whole sequence's. `[B, T] -> [B, T, L]`, `[B, T] -> [B, 1, L]` */
  forward(ids: Tensor, mode: Mode = inference, choice?: Choice): Tensor {
    const choose = choice ?? this.#choiceOf(ids, mode);
    const { causal, kind } = this.target;
    const shown = notEqual(ids, PADDING);
    const visible = visiblePairs(shown, causal);
    const inputs = { shown, visible, hidden: where(visible, 0, NEVER), causal, choose };
    let streams = this.#begin(ids, choose);
    for (const layer of this.layers) streams = layer.forward(streams, inputs, mode);
    const [batch = 0, length = 0] = ids.shape;
    const logits = this.#labelled(kind === "tagging" ? streams : pooled(streams, shown));
    return reshape(logits, [batch, kind === "tagging" ? length : 1, this.target.labels]);
  }

  /// Section 3.5: in training all discrete choices are samples of the Gumbel-softmax, whose temperature falls; a
  /// trained model takes the likeliest everywhere.
  #choiceOf(ids: Tensor, mode: Mode): Choice {
    if (!mode.training) return hardChoice;
    const temperature = this.temperature.forward(mode);
    const { kind } = this.options.relaxation;
    const { random } = mode;
    const soft =
      kind === "softmax" || random === undefined
        ? softChoice(temperature)
        : gumbelChoice(temperature, random, this.#draws(ids));
    return kind === "gumbel-hard" ? straightThrough(soft) : soft;
  }

  /** How many logits all choices of a pass have, found by a pass that nothing uses. */
  #draws(ids: Tensor): number {
    let count = 0;
    this.forward(ids, inference, (logits) => {
      count += sizeOf(logits.shape);
      return logits;
    });
    return count;
  }

  /** The variables that a token begins with, and its place as one more. */
  #begin(ids: Tensor, choose: Choice): Streams {
    const { cardinality, tokens } = this.options;
    const [batch = 0, length = 0] = ids.shape;
    const rows = batch * length;
    const flat = reshape(ids, [rows]);
    const table = choose(this.#tokenLogits());
    const embedded = gather(table, flat);
    const places = reshape(
      expand(unsqueeze(oneHot(arange(length), cardinality), [0]), [batch, length, cardinality]),
      [1, rows, cardinality],
    );
    const categorical = concat([transpose(embedded, [1, 0, 2]), places]);
    const numerical = this.tokenNumbers
      ? transpose(embedding(this.tokenNumbers, flat))
      : full([tokens.numbers, rows], 1);
    return { categorical, numerical };
  }

  /// The official code keeps tokens that are their own values as logits of 10 and -10, so training relaxes them too.
  /** Logits of each token's values. `[vocabulary, N, V]` */
  #tokenLogits(): Tensor {
    const { cardinality } = this.options;
    const { vocabulary } = this.target;
    if (this.tokenValues) {
      const embedded = (this.tokenValues.shape[0] as number) / cardinality;
      return reshape(transpose(this.tokenValues), [vocabulary, embedded, cardinality]);
    }
    const own = oneHot(unsqueeze(arange(vocabulary), [1]), cardinality);
    return sub(mul(own, 20), 10);
  }

  /** What values and numbers say for the labels; those that are never given come last. `-> [R, L]` */
  #labelled({ categorical, numerical }: Streams): Tensor {
    const { never = [], labels } = this.target;
    const { cardinality, readsNumbers } = this.options;
    const [variables = 0] = categorical.shape;
    const width = variables * cardinality;
    const [ofValues, ofNumbers] = split(
      this.labels,
      readsNumbers ? [width, numerical.shape[0] as number] : [width],
    ) as [Tensor, Tensor];
    // One product a variable, and their sum: rows need not be turned to the front of the stream.
    const weights = reshape(ofValues, [variables, cardinality, labels]);
    const said = sum(matmul(categorical, weights), { axes: 0 });
    const logits = readsNumbers ? add(said, matmul(transpose(numerical), ofNumbers)) : said;
    if (never.length === 0) return logits;
    const given = Array.from({ length: labels }, (_, label) => Number(!never.includes(label)));
    return where(notEqual(constant(hostTensor(given)), 0), logits, NEVER);
  }
}

/** Far below what any score is. */
const NEVER = -1e30;

/** Which keys a query may see: neither may be padding, and of a causal program none may come later. `[B, T] -> [B, T, T]` */
function visiblePairs(shown: Tensor, causal: boolean): Tensor {
  const pairs = logicalAnd(unsqueeze(shown, [1]), unsqueeze(shown, [2]));
  return causal ? logicalAnd(pairs, causalMask(shown.shape[1] as number)) : pairs;
}

/** The mean over places, those of padding counted as zeros, as officially: a row a sequence. */
function pooled({ categorical, numerical }: Streams, shown: Tensor): Streams {
  const [batch = 0, length = 0] = shown.shape;
  const [variables = 0, , values = 0] = categorical.shape;
  const [numbers = 0] = numerical.shape;
  const mean = (places: Tensor, mask: Tensor): Tensor =>
    div(sum(where(mask, places, 0), { axes: 2 }), length);
  return {
    categorical: mean(
      reshape(categorical, [variables, batch, length, values]),
      unsqueeze(shown, [2]),
    ),
    numerical: mean(reshape(numerical, [numbers, batch, length]), shown),
  };
}

function checkSizes(
  { categorical }: TokenOptions,
  cardinality: number,
  { vocabulary, length }: SequenceTarget,
): void {
  if (length > cardinality) {
    throw new QuireError(
      `sequences of ${length} tokens do not fit variables of ${cardinality} values: choose a cardinality of at least ${length}, or shorter sequences.`,
    );
  }
  if (categorical === "token" && vocabulary > cardinality) {
    throw new QuireError(
      `${vocabulary} different tokens do not fit variables of ${cardinality} values: choose a cardinality of at least ${vocabulary}, or a preset that learns variables of tokens.`,
    );
  }
}

/** Makes a transformer program. */
export function build(
  options: TransformerProgramOptions,
  target: SequenceTarget,
): TransformerProgram {
  return new TransformerProgram(options, target);
}
