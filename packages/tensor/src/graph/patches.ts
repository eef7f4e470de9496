import { HostTensor } from "../host.ts";
import type { Patch, Tensor } from "./node.ts";
import type { Recording } from "./record.ts";
import { variableOf } from "./source.ts";
import type { Variable } from "./variable.ts";

/** A part of a variable that is written over after a run, and which of the run's further results say how. */
export interface VariablePatch {
  readonly variable: Variable;
  readonly operands: readonly number[];
  readonly apply: Patch["apply"];
}

/** A recording that leaves the writing over of variables to the host, and gives what is needed for it. */
export interface Patched {
  /** Its further results follow what the function returns. */
  readonly recording: Recording;
  readonly patches: readonly VariablePatch[];
}

/**
 * Takes variables of which a run changes a part out of its outputs: a whole copy of each would cost more than the
 * change.
 */
export function withPatches(recording: Recording): Patched {
  const { graph, writes } = recording;
  const first = graph.outputs.length - writes.length;
  const further: Tensor[] = [];
  const placeOf = (tensor: Tensor): number => {
    const known = further.indexOf(tensor);
    return known < 0 ? further.push(tensor) - 1 : known;
  };
  const patches: VariablePatch[] = [];
  const left: number[] = [];
  writes.forEach((variable, i) => {
    const { node, index } = graph.outputs[first + i] as Tensor;
    const patch = node.spec.patch?.(index, node.attributes);
    const source = patch && (node.inputs[patch.of] as Tensor);
    if (source && variableOf(source) === variable) {
      const operands = patch.operands.map((k) => placeOf(node.inputs[k] as Tensor));
      patches.push({ variable, operands, apply: patch.apply });
    } else left.push(i);
  });
  const outputs = [
    ...graph.outputs.slice(0, first),
    ...further,
    ...left.map((i) => graph.outputs[first + i] as Tensor),
  ];
  return {
    recording: {
      ...recording,
      graph: { ...graph, outputs },
      writes: left.map((i) => writes[i] as Variable),
    },
    patches,
  };
}

/** Writes what a run gave over variables; their memory must be the host's. */
export function applyPatches(
  patches: readonly (VariablePatch & { readonly memory: HostTensor["data"] })[],
  further: readonly HostTensor[],
): void {
  for (const { variable, operands, apply, memory } of patches) {
    const into = new HostTensor(variable.dtype, variable.shape, memory);
    apply(
      into,
      operands.map((k) => further[k] as HostTensor),
    );
  }
}
