// B environments side by side, T steps, O numbers of an observation, A actions

import { observationSize, type Transitions, type VectorEnvironment } from "@quire/data";
import {
  type Compiled,
  type CompileOptions,
  compile,
  type HostTensor,
  hostTensor,
  Random,
  squeeze,
  type Tensor,
  unsqueeze,
  Variable,
} from "@quire/tensor";
import type { KeptState, NamedTensors } from "@quire/train";
import type { AgentNetwork } from "./control-target.ts";

/** A step of all environments. The arrays are written over by the next one. */
export interface ActedStep {
  /** What was seen before it. `[B, O]` */
  readonly observations: Float32Array;
  /** 1 where an episode began with it. `[B]` */
  readonly first: Float32Array;
  /** `[B, A]` */
  readonly logits: Float32Array;
  /** `[B]` */
  readonly actions: Int32Array;
  readonly answer: Transitions;
}

type Act = Compiled<[observations: Tensor, first: Tensor], Tensor>;

/**
 * An agent that acts in environments side by side. What it carries stays where it is computed, so that a step is one call
 * of a compiled function. All of it can be stored and gone back to.
 */
export class Actor implements KeptState {
  readonly count: number;
  readonly #run: Act;
  readonly #carried: ReadonlyMap<string, Variable>;
  readonly #random = new Random(0);
  #environment: VectorEnvironment | undefined;
  #observations = new Float32Array();
  #first: Float32Array<ArrayBuffer>;

  constructor(network: AgentNetwork, count: number, options: CompileOptions = {}) {
    this.count = count;
    this.#first = new Float32Array(count);
    this.#carried = new Map(
      Object.entries(network.carried).map(([name, shape]) => {
        return [name, new Variable([count, ...shape], { name, trainable: false })];
      }),
    );
    this.#run = compile(
      (observations: Tensor, first: Tensor) => {
        const before = [...this.#carried].map(([name, { tensor }]) => [name, tensor] as const);
        const { logits, carried } = network.forward({
          observations: unsqueeze(observations, [1]),
          first: unsqueeze(first, [1]),
          carried: Object.fromEntries(before),
        });
        for (const [name, variable] of this.#carried) variable.assign(carried[name] as Tensor);
        return squeeze(logits, [1]);
      },
      { ...options, name: "acting" },
    );
  }

  /** Begins episodes in other environments; what was carried is forgotten at their first step. */
  begin(environment: VectorEnvironment, seed: number): void {
    this.#environment = environment;
    this.#observations = environment.reset().slice();
    this.#first.fill(1);
    this.#random.restore(new Random(seed).fork("actions").state());
  }

  /** Draws an action of each policy, and takes it. */
  async step(): Promise<ActedStep> {
    const environment = this.#begun();
    const observations = this.#observations;
    const first = this.#first;
    const { logits } = await this.#look();
    const actions = this.#draw(logits);
    const answer = environment.step(actions);
    this.#observations = answer.observations.slice();
    this.#first = Float32Array.from(
      answer.terminated,
      (ended, place) => ended | (answer.truncated[place] as number),
    );
    return { observations, first, logits, actions, answer };
  }

  /** What is seen now, and whether episodes begin; nothing is done. */
  now(): Pick<ActedStep, "observations" | "first"> {
    this.#begun();
    return { observations: this.#observations, first: this.#first };
  }

  async #look(): Promise<{ readonly logits: Float32Array }> {
    const { observationSpace } = this.#begun();
    const shape = [this.count, observationSize(observationSpace)];
    const found = await this.#run(
      hostTensor(this.#observations, shape),
      hostTensor(this.#first, [this.count]),
    );
    return { logits: found.data as Float32Array };
  }

  #begun(): VectorEnvironment {
    if (!this.#environment) throw new Error("An actor begins in environments before it acts.");
    return this.#environment;
  }

  /** An action of each row's softmax. */
  #draw(logits: Float32Array): Int32Array {
    const actions = logits.length / this.count;
    return Int32Array.from({ length: this.count }, (_, row) => {
      const own = logits.subarray(row * actions, (row + 1) * actions);
      const most = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const shares = own.map((logit) => Math.exp(logit - most));
      let rest = this.#random.uniform() * shares.reduce((a, b) => a + b, 0);
      const drawn = shares.findIndex((share) => {
        rest -= share;
        return rest < 0;
      });
      return drawn < 0 ? actions - 1 : drawn;
    });
  }

  /** Copies of what is carried, by name. `[B, ...shape]` */
  async carried(): Promise<readonly (readonly [name: string, value: HostTensor])[]> {
    return await Promise.all(
      [...this.#carried].map(async ([name, variable]) => [name, await variable.get()] as const),
    );
  }

  async tensors(): Promise<NamedTensors> {
    const { observations, first } = this.now();
    const whole = (values: ArrayLike<number>): HostTensor =>
      hostTensor(Int32Array.from(values), [values.length], "int32");
    return new Map([
      ...(await this.carried()).map(([name, value]) => [`carried.${name}`, value] as const),
      ["observations", hostTensor(observations.slice(), [observations.length])],
      ["first", hostTensor(first.slice(), [first.length])],
      ["drawn", whole([this.#random.state().position])],
      ...Object.entries(this.#begun().state()).map(
        ([name, values]) => [`environment.${name}`, whole(values)] as const,
      ),
    ]);
  }

  async restore(tensors: NamedTensors): Promise<void> {
    const part = (name: string): HostTensor["data"] => {
      const found = tensors.get(name);
      if (!found) throw new Error(`A checkpoint of an actor holds ${name}.`);
      return found.data;
    };
    const environment = this.#begun();
    const state = Object.keys(environment.state()).map((name) => {
      return [name, part(`environment.${name}`) as Int32Array] as const;
    });
    environment.restore(Object.fromEntries(state));
    for (const [name, variable] of this.#carried) {
      await variable.set(tensors.get(`carried.${name}`) as HostTensor);
    }
    this.#observations = (part("observations") as Float32Array<ArrayBuffer>).slice();
    this.#first = (part("first") as Float32Array<ArrayBuffer>).slice();
    const [position = 0] = part("drawn") as Int32Array;
    this.#random.restore({ ...this.#random.state(), position });
  }

  /** Gives back the memory of what it compiled. */
  release(): Promise<void> {
    return this.#run.release();
  }
}
