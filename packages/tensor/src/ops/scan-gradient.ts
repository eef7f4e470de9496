import { type Graph, sorted } from "../graph/graph.ts";
import {
  type GradientContext,
  makeNode,
  type OpSpec,
  type Ops,
  type Tensor,
} from "../graph/node.ts";
import { carriesGradient, input } from "../graph/source.ts";
import { dependents, inputsOf, substituted } from "../graph/substitute.ts";
import type { ScanAttributes } from "./scan.ts";

type Context = GradientContext<ScanAttributes>;
type Gradients = readonly (Tensor | undefined)[];

/** A step's pullback: inputs that stand for gradients of the body's outputs, and gradients of its inputs. */
interface Pulled {
  readonly cotangents: Gradients;
  readonly gradients: Gradients;
}

/**
 * The gradient of a loop is a loop in the other direction over the pullback of its body. What the pullback reads
 * of the forward step is kept by a second forward loop with more ys, which the rewrites make one with the first.
 * Gradients of values from around the loop are added up in carries.
 */
export function scanGradient(context: Context, ops: Ops): Gradients {
  const { body, carries, xs } = context.attributes;
  const pulled = pulledBack(context);
  const stretch = (from: number, to: number): number[] =>
    body.inputs.flatMap((_, i) => (i >= from && i < to && pulled.gradients[i] ? [i] : []));
  const states = stretch(0, carries);
  const walked = stretch(carries, carries + xs);
  const around = stretch(carries + xs, body.inputs.length);
  const gradientsAt = (positions: readonly number[]): Tensor[] =>
    positions.map((i) => pulled.gradients[i] as Tensor);
  const sums = around.map((i) => input("sum", body.inputs[i] as Tensor));
  const added = gradientsAt(around).map((gradient, n) => ops.add(sums[n] as Tensor, gradient));
  const steps = [...gradientsAt(states), ...added, ...gradientsAt(walked)];
  const first = [
    ...states.map((i) => context.gradients[i] ?? ops.zerosLike(context.outputs[i] as Tensor)),
    ...around.map((i) => ops.zerosLike(context.inputs[i] as Tensor)),
  ];
  const firstInner = [...states.map((i) => pulled.cotangents[i] as Tensor), ...sums];
  const outputs = backwardLoop(context, pulled, steps, { first, firstInner });
  const order = [...states, ...around, ...walked];
  return context.inputs.map((_, i) => outputs[order.indexOf(i)]);
}

function pulledBack({ attributes: { body, carries }, gradients, pullback }: Context): Pulled {
  const cotangents = body.outputs.map((output, i) => {
    const isUsed = carriesGradient(output) && (i < carries || gradients[i]);
    return isUsed ? input("gradient", output) : undefined;
  });
  const active = body.inputs.filter(carriesGradient);
  const found = pullback(body.outputs, active, cotangents);
  const reached = dependents(
    found,
    cotangents.flatMap((cotangent) => cotangent ?? []),
  );
  return {
    cotangents,
    gradients: body.inputs.map((tensor, i) => {
      const gradient = found[active.indexOf(tensor)];
      return gradient && (i < carries || reached.has(gradient.node)) ? gradient : undefined;
    }),
  };
}

/** The outputs of the loop that runs `steps` from the end of another to its start. */
function backwardLoop(
  { inputs, outputs, attributes, gradients }: Context,
  { cotangents }: Pulled,
  steps: readonly Tensor[],
  carry: { readonly first: readonly Tensor[]; readonly firstInner: readonly Tensor[] },
): readonly Tensor[] {
  const spec = outputs[0].node.spec as unknown as OpSpec<ScanAttributes>;
  const { body, carries, xs, reverse } = attributes;
  const kept = keptBy(steps, body, carries);
  const forward = makeNode(spec, inputs, {
    ...attributes,
    body: { inputs: body.inputs, outputs: [...body.outputs, ...kept] },
  });
  const slots = kept.map((tensor) =>
    tensor.node.inputs.length === 0 ? tensor : input("kept", tensor),
  );
  const arrived = body.outputs.flatMap((_, i) => (i >= carries && cotangents[i] ? [i] : []));
  const walk = [
    ...forward.outputs.slice(body.outputs.length),
    ...inputs.slice(carries, carries + xs),
    ...arrived.map((i) => gradients[i] as Tensor),
  ];
  const walkInner = [
    ...slots,
    ...body.inputs.slice(carries, carries + xs),
    ...arrived.map((i) => cotangents[i] as Tensor),
  ];
  const replaced = new Map(kept.map((tensor, i) => [tensor, slots[i] as Tensor]));
  const backward = {
    inputs: [...carry.firstInner, ...walkInner, ...body.inputs.slice(carries + xs)],
    outputs: substituted(steps, replaced),
  };
  return makeNode(spec, [...carry.first, ...walk, ...inputs.slice(carries + xs)], {
    body: backward,
    carries: carry.first.length,
    xs: walk.length,
    reverse: !reverse,
    length: attributes.length,
  }).outputs;
}

/** What the pullback reads of the forward step, save what both loops are given and constants. */
function keptBy(steps: readonly Tensor[], { inputs, outputs }: Graph, carries: number): Tensor[] {
  const forward = new Set(sorted(outputs));
  const open = dependents(outputs, inputsOf(outputs));
  const shared = new Set(inputs.slice(carries));
  const read = sorted(steps, forward).flatMap((node) => (forward.has(node) ? [] : node.inputs));
  const kept = [...read, ...steps].filter(
    (tensor) => forward.has(tensor.node) && open.has(tensor.node) && !shared.has(tensor),
  );
  return [...new Set(kept)];
}
