import { characterTokenizer } from "@quire/data";
import {
  countParameters,
  Division,
  initialize,
  type Module,
  partOfWhole,
  shardOf,
  wholeOf,
} from "@quire/nn";
import {
  type Collectives,
  compile,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { adamW, cosine, groupsInOneProcess } from "@quire/train";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import { LanguageModelSystem } from "../tasks/language-model.ts";
import { MegatronGpt } from "./model.ts";
import { paper } from "./paper.ts";

const STEPS = 160;
const SHOWN = 20;
const [rows, length] = [8, 24];
/** Letters that follow one another; the first token stands for those that are not known. */
const tokenizer = characterTokenizer(["abcdefghijklmnopqrstuvwxyz12345"]);
const letters = tokenizer.size - 1;
const target = { vocabulary: tokenizer.size, context: length };
const size = { width: 32, depth: 2, heads: 4, dropout: 0 };

/** A small GPT that as many processes divide as one likes, all of them in the page. */
export const demonstration: Demonstration = {
  title: "One model, cut into parts that talk",
  summary:
    "Each process has some of the heads and some of the hidden units, and sees its own part of every product; twice a " +
    "block they add up what they have. However many there are, the loss follows the same curve.",
  controls: {
    processes: {
      setting: { kind: "choice", words: ["1", "2", "4"], summary: "Processes that divide it" },
      initial: "2",
    },
    sequence: {
      setting: { kind: "switch", summary: "Divide the positions too" },
      initial: false,
    },
  },
  run,
};

/** What passes between the processes. */
interface Traffic {
  calls: number;
  numbers: number;
}

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void> {
  const processes = Number(values["processes"]);
  const sequence = values["sequence"] === true;
  const traffic: Traffic = { calls: 0, numbers: 0 };
  const parts = groupsInOneProcess(processes).map((group) => {
    const division = new Division(watched(group, traffic), { sequence });
    const model = new MegatronGpt(size, target, division);
    initialize(model, seed);
    return { model, step: stepOf(model) };
  });
  const whole = wholeModel();
  const random = new Random(seed);
  const held = parts.map(({ model }) => countParameters(model));
  const losses: (readonly [number, number])[][] = parts.map(() => []);
  for (let i = 1; i <= STEPS && !signal.aborted; i++) {
    const before = { ...traffic };
    const batch = counting(random);
    const found = await Promise.all(parts.map(({ step }) => step(...batch)));
    found.forEach(({ loss }, rank) => {
      losses[rank]?.push([i, loss.item()]);
    });
    const isShown = i === 1 || i % SHOWN === 0;
    const once = { calls: traffic.calls - before.calls, numbers: traffic.numbers - before.numbers };
    if (isShown) {
      const models = parts.map(({ model }) => model);
      await joinParts(models, whole.model);
      // Before they were joined there was nothing to ask.
      if (i === 1) onSystem?.(whole);
    }
    yield {
      ...{ step: i, steps: STEPS, values: { loss: found[0]?.loss.item() ?? Number.NaN } },
      ...(isShown && { figures: [curves(losses), account(held, once, processes)] }),
    };
  }
  await Promise.all([...parts.map(({ step }) => step.release()), whole.release()]);
}

/** The same model undivided, which writes on and leaves as a file. */
function wholeModel() {
  const description = {
    task: "language-modelling",
    paper: paper.id,
    options: size,
    target,
  } as const;
  return new LanguageModelSystem(new MegatronGpt(size, target), description, tokenizer);
}

/** Sets a variable of one process, which fills a whole up as its shard has it. */
async function setWhole(variable: Variable | undefined, whole: HostTensor): Promise<void> {
  const shard = variable && shardOf(variable);
  const values = shard ? partOfWhole(shard, whole.data as Float32Array) : whole.data;
  await variable?.set(hostTensor(values as Float32Array, variable.shape));
}

/** Gives a whole model the weights that the processes hold parts of. */
async function joinParts(models: readonly MegatronGpt[], whole: Module): Promise<void> {
  const places = new Map(whole.namedState());
  await Promise.all(
    models.map(async (model, rank) => {
      for (const [path, variable] of model.namedState()) {
        const value = await variable.get();
        const shard = shardOf(variable);
        const joined = shard ? await wholeOf(shard, value) : value;
        if (rank === 0) await setWhole(places.get(path), joined);
      }
    }),
  );
}

function stepOf(model: MegatronGpt) {
  const learningRate = cosine({ from: 1e-2, steps: STEPS });
  const optimizer = adamW(model.parameters(), { learningRate, clipNorm: 1 });
  return compile((ids: Tensor, next: Tensor) => {
    const loss = model.loss(ids, next, { training: true });
    optimizer.minimize(loss);
    return { loss };
  });
}

/** Rows that count upwards by a step of their own, again from the first letter after the last. */
function counting(random: Random) {
  const ids = new Int32Array(rows * length);
  const next = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const start = Math.floor(letters * random.uniform());
    const stride = 1 + Math.floor(3 * random.uniform());
    for (let i = 0; i < length; i++) {
      ids[row * length + i] = 1 + ((start + i * stride) % letters);
      next[row * length + i] = 1 + ((start + (i + 1) * stride) % letters);
    }
  }
  const shape = [rows, length];
  return [hostTensor(ids, shape, "int32"), hostTensor(next, shape, "int32")] as const;
}

/** A group whose exchanges are counted, as process 0 sees them. */
function watched(group: Collectives, traffic: Traffic): Collectives {
  if (group.rank > 0) return group;
  const count = (numbers: number): void => {
    traffic.calls += 1;
    traffic.numbers += numbers;
  };
  return {
    rank: group.rank,
    size: group.size,
    allReduce: (values, reduction) => {
      count(values.length);
      return group.allReduce(values, reduction);
    },
    allGather: (part, whole) => {
      count(part.length);
      return group.allGather(part, whole);
    },
    reduceScatter: (whole, part) => {
      count(whole.length);
      return group.reduceScatter(whole, part);
    },
  };
}

function curves(losses: readonly (readonly (readonly [number, number])[])[]): Figure {
  return {
    kind: "lines",
    title: "The loss as each process knows it",
    caption: "The curves lie on one another: every process computes the same loss.",
    x: { title: "step" },
    y: { title: "loss" },
    series: losses.map((points, rank) => ({ name: `process ${rank}`, points: [...points] })),
  };
}

function account(held: readonly number[], { calls, numbers }: Traffic, size: number): Figure {
  const lines = held.map((count, rank) => `process ${rank} holds ${count} parameters`);
  const exchanged =
    size === 1
      ? "nothing is exchanged"
      : `a step takes ${calls} exchanges of ${numbers} numbers in all`;
  return { kind: "text", title: "Who holds what", text: [...lines, exchanged].join("\n") };
}
