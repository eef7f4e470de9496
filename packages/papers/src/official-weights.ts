import { type HostTensor, hostTensor, QuireError, type Shape, sizeOf } from "@quire/tensor";

/** Values by name, as checkpoint files hold them. */
export type State = ReadonlyMap<string, HostTensor>;

/** One tensor under the name and shape of a paper's official code, and under ours; the values are the same. */
export interface OfficialName {
  readonly official: string;
  readonly ours: string;
  readonly officialShape: Shape;
  readonly shape: Shape;
}

/**
 * An official checkpoint's values under our paths and shapes. Names in `ignored` are passed over.
 *
 * @throws QuireError that lists what is missing, what is not expected and what has another shape.
 */
export function fromOfficial(
  state: State,
  names: readonly OfficialName[],
  ignored: readonly string[] = [],
): Map<string, HostTensor> {
  const known = new Set([...names.map(({ official }) => official), ...ignored]);
  const problems = [
    ...names.flatMap(({ official, officialShape }) => {
      const value = state.get(official);
      if (!value) return [`${official} is missing`];
      const fits = value.shape.join() === officialShape.join();
      const wanted = `[${officialShape.join(", ")}]`;
      return fits ? [] : [`${official} is [${value.shape.join(", ")}], the model has ${wanted}`];
    }),
    ...[...state.keys()].flatMap((name) => (known.has(name) ? [] : [`${name} is not expected`])),
  ];
  if (problems.length > 0) {
    throw new QuireError(`The official weights do not fit the model: ${problems.join("; ")}.`);
  }
  return new Map(
    names.map(({ official, ours, shape }) => [ours, reshaped(state.get(official), shape)]),
  );
}

/** Our values under the names and shapes of a paper's official code. */
export function toOfficial(state: State, names: readonly OfficialName[]): Map<string, HostTensor> {
  return new Map(
    names.map(({ official, ours, officialShape }) => [
      official,
      reshaped(state.get(ours), officialShape),
    ]),
  );
}

function reshaped(value: HostTensor | undefined, shape: Shape): HostTensor {
  if (!value || sizeOf(value.shape) !== sizeOf(shape)) {
    throw new Error("Names of official weights must pair tensors of one size.");
  }
  return hostTensor(value.data, shape, value.dtype);
}
