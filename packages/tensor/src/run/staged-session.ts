import type { Collectives } from "../graph/collectives.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { groupGatherSpec, groupMaxSpec, groupScatterSpec } from "../ops/collective.ts";
import type { TensorType } from "../shape.ts";
import { type FrozenWeight, type Loaded, loadModel } from "./load-graph.ts";
import { type PlacedStage, placeStages, type Slot } from "./memory-plan.ts";
import type { Buffer, Runtime, Session } from "./runtime.ts";
import { type Stage, stagesOf } from "./stages.ts";

interface LoadedStage extends PlacedStage {
  /** None where nothing has to be computed before the exchanges. */
  readonly session: Session | undefined;
}

/** A graph that runs as several models, between which processes exchange values. */
class StagedSession implements Session {
  readonly #stages: readonly LoadedStage[];
  readonly #memory: readonly Buffer[];

  constructor(stages: readonly LoadedStage[], memory: readonly Buffer[]) {
    this.#stages = stages;
    this.#memory = memory;
  }

  async run(inputs: readonly Buffer[], outputs: readonly Buffer[]): Promise<void> {
    const at = (slot: Slot): Buffer => {
      if ("own" in slot) return slot.own;
      return ("input" in slot ? inputs[slot.input] : outputs[slot.output]) as Buffer;
    };
    for (const { session, takes, gives, exchanges } of this.#stages) {
      await session?.run(takes.map(at), gives.map(at));
      for (const { kind, group, from, to } of exchanges) {
        await exchange(kind, group, at(from), at(to));
      }
    }
  }

  async release(): Promise<void> {
    for (const { session } of this.#stages) await session?.release();
    for (const buffer of this.#memory) buffer.release();
  }
}

async function exchange(kind: string, group: Collectives, from: Buffer, to: Buffer): Promise<void> {
  const given = (await from.read()) as Float32Array;
  const taken = (await to.read()) as Float32Array;
  if (kind === groupGatherSpec.name) await group.allGather(given, taken);
  else if (kind === groupScatterSpec.name) await group.reduceScatter(given, taken);
  else {
    if (from !== to) taken.set(given);
    await group.allReduce(taken, kind === groupMaxSpec.name ? "max" : "sum");
  }
  // On a device, what was read is a copy.
  await to.write(taken);
}

/** Loads a graph as several models; its last inputs are the frozen weights, and no inputs of the session. */
export async function loadStages(
  runtime: Runtime,
  graph: Graph,
  weights: readonly FrozenWeight[] = [],
): Promise<Loaded> {
  const frozen = new Map(
    weights.map((weight, i) => [graph.inputs.at(i - weights.length) as Tensor, weight]),
  );
  const stages = stagesOf(graph).map((stage) => frozenLast(stage, frozen));
  const allocate = (type: TensorType): Buffer => runtime.allocate(type);
  const isConstant = (tensor: Tensor): boolean => frozen.has(tensor);
  const { placed, memory } = placeStages(allocate, graph, stages, isConstant);
  const loaded: LoadedStage[] = [];
  let bytes = 0;
  for (const [i, stage] of stages.entries()) {
    const kept = stage.takes.flatMap((tensor) => frozen.get(tensor) ?? []);
    const isEmpty = stage.gives.length === 0;
    const model = isEmpty ? undefined : await loadModel(runtime, stage.graph, kept, true);
    bytes += model?.bytes ?? 0;
    loaded.push({ ...(placed[i] as PlacedStage), session: model?.session });
  }
  return { session: new StagedSession(loaded, memory), bytes };
}

/** The stage whose frozen weights are its last inputs. */
function frozenLast(stage: Stage, frozen: ReadonlyMap<Tensor, FrozenWeight>): Stage {
  const places = stage.takes.map((_, i) => i);
  const isFrozen = (i: number): boolean => frozen.has(stage.takes[i] as Tensor);
  const order = [...places.filter((i) => !isFrozen(i)), ...places.filter(isFrozen)];
  const { inputs, outputs } = stage.graph;
  return {
    ...stage,
    graph: { inputs: order.map((i) => inputs[i] as Tensor), outputs },
    takes: order.map((i) => stage.takes[i] as Tensor),
  };
}
