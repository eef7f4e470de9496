// B environments side by side, T steps, O numbers of an observation, A actions

import { type HostTensor, hostTensor } from "@quire/tensor";
import type { KeptState, NamedTensors } from "@quire/train";
import type { ActedStep, Actor } from "./control-actor.ts";

/**
 * What was met in T steps: `observations` `[B, T + 1, O]` and `first` `[B, T + 1]` with those after the last step,
 * `actions` int32 `[B, T]`, `rewards` `[B, T]`, `logits` of the policy that acted `[B, T, A]`, and what was carried into
 * the first step as `carried.NAME`.
 */
export type UnrollBatch = Readonly<Record<string, HostTensor>>;

const CARRIED = "carried.";

/** What a batch carries into its first step, by the network's own names. */
export function carriedIn<T>(batch: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(batch).flatMap(([name, value]) =>
      name.startsWith(CARRIED) ? [[name.slice(CARRIED.length), value]] : [],
    ),
  );
}

/** Lets an actor take steps, and keeps what it met. */
export async function unroll(actor: Actor, steps: number): Promise<UnrollBatch> {
  const carried = await actor.carried();
  const taken: Pick<ActedStep, "observations" | "first">[] = [];
  const rewards: Float32Array[] = [];
  const [logits, actions]: [Float32Array[], Int32Array[]] = [[], []];
  for (let step = 0; step < steps; step++) {
    const acted = await actor.step();
    taken.push(acted);
    rewards.push(acted.answer.rewards.slice());
    logits.push(acted.logits);
    actions.push(acted.actions);
  }
  taken.push(actor.now());
  const rows = actor.count;
  return {
    observations: byRow(
      taken.map(({ observations }) => observations),
      rows,
    ),
    first: flat(
      byRow(
        taken.map(({ first }) => first),
        rows,
      ),
    ),
    rewards: flat(byRow(rewards, rows)),
    logits: byRow(logits, rows),
    actions: hostTensor(
      Int32Array.from(byRow(actions, rows).data as Float32Array),
      [rows, steps],
      "int32",
    ),
    ...Object.fromEntries(carried.map(([name, value]) => [CARRIED + name, value])),
  };
}

/** Steps after each other, each with a row an environment, as a row of steps an environment. `-> [B, T, width]` */
function byRow(steps: readonly (Float32Array | Int32Array)[], rows: number): HostTensor {
  const width = (steps[0]?.length ?? 0) / rows;
  const data = new Float32Array(rows * steps.length * width);
  for (const [step, values] of steps.entries()) {
    for (let row = 0; row < rows; row++) {
      const own = values.subarray(row * width, (row + 1) * width);
      data.set(own, (row * steps.length + step) * width);
    }
  }
  return hostTensor(data, [rows, steps.length, width]);
}

/** `[B, T, 1] -> [B, T]` */
function flat({ data, shape }: HostTensor): HostTensor {
  return hostTensor(data as Float32Array, shape.slice(0, 2));
}

/** Unrolls one after the other, each used as often as said; they go on where a checkpoint was taken. */
export class Unrolls implements KeptState {
  readonly #actor: Actor;
  readonly #steps: number;
  readonly #reuse: number;
  #present: UnrollBatch | undefined;

  constructor(actor: Actor, steps: number, reuse: number) {
    this.#actor = actor;
    this.#steps = steps;
    this.#reuse = reuse;
  }

  /** Batches from one on up to a number of them. */
  async *batches(start: number, end: number): AsyncGenerator<UnrollBatch> {
    for (let batch = start; batch < end; batch++) {
      if (batch % this.#reuse === 0 || !this.#present) {
        this.#present = await unroll(this.#actor, this.#steps);
      }
      yield this.#present;
    }
  }

  async tensors(): Promise<NamedTensors> {
    const present = this.#reuse > 1 ? Object.entries(this.#present ?? {}) : [];
    return new Map([
      ...(await this.#actor.tensors()),
      ...present.map(([name, value]) => [`present.${name}`, value] as const),
    ]);
  }

  async restore(tensors: NamedTensors): Promise<void> {
    await this.#actor.restore(tensors);
    const present = [...tensors].flatMap(([name, value]) =>
      name.startsWith("present.") ? [[name.slice("present.".length), value] as const] : [],
    );
    this.#present = present.length > 0 ? Object.fromEntries(present) : undefined;
  }
}
