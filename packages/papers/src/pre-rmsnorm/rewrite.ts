// D width, B batch, T length, N outputs of a linear layer

import { crmsNorm } from "@quire/nn";
import {
  add,
  concat,
  full,
  layerNorm,
  makeNode,
  mean,
  mul,
  type Node,
  neg,
  rmsNorm,
  slice,
  sorted,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";
import { type FoundNorm, foundNorms, type NormKind } from "./found-norms.ts";
import { isKnown, partOfWeight, passingOf } from "./passing.ts";
import { type Normed, readBy } from "./reading.ts";
import { type Streams, streamsOf } from "./streams.ts";

/** A graph's outputs with other norms, and what became of each norm. */
export interface Rewritten {
  readonly outputs: readonly Tensor[];
  readonly streams: Streams;
}

/**
 * Computes the same outputs with norms of another kind, wherever a main branch is, or can be kept, at a mean of zero.
 * The weights are recentred inside of the graph: gradients flow through that, so that training goes as before
 * (section 3.2), and for inference it is worked out once.
 *
 * @param uncentred Weights whose mean is not zero, where norms without a mean are to have one again.
 */
export function rewriteNorms(
  outputs: readonly Tensor[],
  to: NormKind,
  uncentred: ReadonlySet<Tensor> = new Set(),
): Rewritten {
  const nodes = sorted(outputs);
  const known = new Map<Tensor, boolean>();
  const searched = { nodes, outputs, norms: foundNorms(nodes), known, uncentred };
  const streams = streamsOf(searched, to);
  const rewriter = new Rewriter(streams, to, known);
  for (const node of nodes) rewriter.visit(node);
  return { outputs: outputs.map((tensor) => rewriter.value(tensor)), streams };
}

class Rewriter {
  readonly #norms: ReadonlyMap<Node, FoundNorm>;
  readonly #carriers: ReadonlySet<Tensor>;
  readonly #to: NormKind;
  readonly #known: Map<Tensor, boolean>;
  /** What takes the place of tensors that changed. */
  readonly #changed = new Map<Tensor, Tensor>();
  /** Norms' outputs, and what is made of them, until someone needs all of their values. */
  readonly #normed = new Map<Tensor, Normed>();
  readonly #written = new Map<string, Tensor>();
  readonly #numbers = new Map<Tensor, number>();

  constructor({ converted }: Streams, to: NormKind, known: Map<Tensor, boolean>) {
    const norms = converted.flatMap((stream) => stream.norms);
    this.#norms = new Map(norms.map((norm) => [norm.output.node, norm]));
    this.#carriers = new Set(converted.flatMap(({ carriers }) => [...carriers]));
    this.#to = to;
    this.#known = known;
  }

  /** Makes a node anew if what it reads has changed. */
  visit(node: Node): void {
    const norm = this.#norms.get(node);
    if (norm) {
      this.#normed.set(norm.output, this.#normOf(norm));
      return;
    }
    // Who carries a main branch is made anew by what reads it.
    if (node.outputs.every((tensor) => this.#carriers.has(tensor))) return;
    const lazily = readBy(node, this.#normed, (tensor) => isKnown(tensor, this.#known));
    if (lazily) {
      this.#normed.set(node.outputs[0] as Tensor, lazily);
      return;
    }
    const inputs = node.inputs.map((tensor) => this.value(tensor));
    if (inputs.every((tensor, i) => tensor === node.inputs[i])) return;
    const made = makeNode(node.spec, inputs, node.attributes, node.path);
    node.outputs.forEach((tensor, i) => {
      this.#changed.set(tensor, made.outputs[i] as Tensor);
    });
  }

  /** What a tensor has become. */
  value(tensor: Tensor): Tensor {
    const changed = this.#changed.get(tensor);
    if (changed) return changed;
    const normed = this.#normed.get(tensor);
    if (!normed) return tensor;
    const whole = wholeOf(normed);
    this.#changed.set(tensor, whole);
    return whole;
  }

  /// Section 3.2, eq. 5: of a vector without mean, LayerNorm is RMSNorm; section 3.3: and its last value need not be
  /// kept. Scale and shift go into the linear layer that reads the norm, where one does.
  #normOf({ kind, x, scale, shift, epsilon }: FoundNorm): Normed {
    const stream = this.#write(x, x.shape.length - 1, kind);
    if (this.#to === "pre-crmsnorm") {
      return { base: crmsNorm(stream, { epsilon }), isShort: true, scale, shift };
    }
    const width = stream.shape.at(-1) as number;
    const factor = scale ?? full([width], 1);
    const base =
      this.#to === "pre-ln"
        ? layerNorm(stream, factor, undefined, { epsilon })
        : rmsNorm(stream, factor, { epsilon });
    const axis = base.shape.length - 1;
    const read = kind === "pre-crmsnorm" ? slice(base, [0], [width - 1], { axes: [axis] }) : base;
    return { base: read, isShort: false, scale: undefined, shift };
  }

  /** A tensor as the new norms take it, along an axis. */
  #write(tensor: Tensor, axis: number, from: NormKind): Tensor {
    const key = `${this.#numberOf(tensor)}:${axis}`;
    const found = this.#written.get(key);
    if (found) return found;
    const made = this.#carriers.has(tensor)
      ? this.#carry(tensor, axis, from)
      : this.#enter(this.value(tensor), axis, from);
    this.#written.set(key, made);
    return made;
  }

  #carry(tensor: Tensor, axis: number, from: NormKind): Tensor {
    const passing = passingOf(tensor, axis);
    if (!passing) throw new Error("a carrier passes the mean on");
    const operands = tensor.node.inputs.map((operand, place) => {
      const passed = passing.passed.find((one) => one.operand === place);
      return passed ? this.#write(operand, passed.axis, from) : this.value(operand);
    });
    return passing.remade(operands);
  }

  /// Section 3.1, eq. 3 and 4: x - mean(x) 1 is linear in x, so that for x = W y + b the weights can be recentred.
  #enter(value: Tensor, axis: number, from: NormKind): Tensor {
    const over = { axes: [axis], keepDims: true };
    if (from === "pre-crmsnorm") return concat([value, neg(sum(value, over))], axis);
    // The mean is zero already.
    if (this.#to === "pre-ln") return value;
    const centred = sub(value, mean(value, over));
    if (this.#to === "pre-rmsnorm") return centred;
    return partOfWeight(slice(centred, [0], [(value.shape[axis] as number) - 1], { axes: [axis] }));
  }

  #numberOf(tensor: Tensor): number {
    const number = this.#numbers.get(tensor) ?? this.#numbers.size;
    this.#numbers.set(tensor, number);
    return number;
  }
}

/** All values of a norm's output. */
function wholeOf({ base, isShort, scale, shift }: Normed): Tensor {
  const axis = base.shape.length - 1;
  const last = isShort ? neg(sum(base, { axes: [axis], keepDims: true })) : undefined;
  let whole = last ? concat([base, last], axis) : base;
  if (scale) whole = mul(whole, scale);
  return shift ? add(whole, shift) : whole;
}
