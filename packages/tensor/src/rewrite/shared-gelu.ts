import { type Graph, sorted } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { add, div, mul } from "../ops/arithmetic.ts";
import { erf, exp } from "../ops/elementwise.ts";
import { gelu, twiceGeluSlope } from "../ops/gelu.ts";
import { rebuilt } from "./rebuilt.ts";

/**
 * GELU and its slope at the same x, from one erf. With z = x/√2 and h = 1 + erf(z), GELU is z h/√2 and twice its slope
 * is h + 2/√π z e^(-z²). The product before takes the factor of z, the one behind that of z h.
 */
export function shareGelu(graph: Graph): Graph {
  const nodes = sorted(graph.outputs);
  const operandsOf = (name: string): Set<Tensor> =>
    new Set(nodes.flatMap(({ spec, inputs }) => (spec.name === name ? inputs : [])));
  const sloped = operandsOf(twiceGeluSlope.spec.name);
  const shared = new Set([...operandsOf(gelu.spec.name)].filter((x) => sloped.has(x)));
  if (shared.size === 0) return graph;
  const parts = new Map<Tensor, Parts>();
  const partsOf = (x: Tensor): Parts => {
    const known = parts.get(x) ?? split(x);
    parts.set(x, known);
    return known;
  };
  return rebuilt(graph, ({ spec, inputs: [before], outputs: [output] }, [x]) => {
    if (!before || !x || !output || !shared.has(before)) return undefined;
    if (spec.name === gelu.spec.name) return new Map([[output, activation(partsOf(x))]]);
    return spec.name === twiceGeluSlope.spec.name
      ? new Map([[output, slope(partsOf(x))]])
      : undefined;
  });
}

interface Parts {
  /** x/√2. */
  readonly z: Tensor;
  /** 1 + erf(z). */
  readonly h: Tensor;
}

function split(x: Tensor): Parts {
  const z = mul(x, Math.SQRT1_2);
  return { z, h: add(erf(z), 1) };
}

function activation({ z, h }: Parts): Tensor {
  return mul(mul(z, h), Math.SQRT1_2);
}

/** Divides through e^(z²): one pass less than to negate z² first. */
function slope({ z, h }: Parts): Tensor {
  return add(h, mul(div(z, exp(mul(z, z))), 2 / Math.sqrt(Math.PI)));
}
