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

/** One tensor of official code that stands for several of ours, one below the other along its first axis. */
export interface Fused {
  /** The part of its name, such as `to_qkv`. */
  readonly name: string;
  /** What stands in it, from above. */
  readonly parts: readonly string[];
}

/** The name that a part of a fused tensor has while it is apart. */
export function partName({ name }: Pick<Fused, "name">, part: string): string {
  return `${name}(${part})`;
}

/** Fused tensors cut into their parts. */
export function cutFused(state: State, { name, parts }: Fused): Map<string, HostTensor> {
  const cut = [...state].flatMap(([path, value]): [string, HostTensor][] => {
    if (!path.includes(`.${name}.`)) return [[path, value]];
    const [rows = 0, ...rest] = value.shape;
    const size = value.data.length / parts.length;
    return parts.map((part, i) => [
      path.replace(name, partName({ name }, part)),
      hostTensor(value.data.slice(i * size, (i + 1) * size), [rows / parts.length, ...rest]),
    ]);
  });
  return new Map(cut);
}

/** The parts of fused tensors, joined again. */
export function joinFused(state: State, { name, parts }: Fused): Map<string, HostTensor> {
  const joined = new Map<string, HostTensor>();
  const named = parts.map((part) => partName({ name }, part));
  const [first = ""] = named;
  for (const [path, value] of state) {
    if (!named.some((part) => path.includes(part))) joined.set(path, value);
    if (!path.includes(first)) continue;
    const data = new Float32Array(value.data.length * parts.length);
    named.forEach((part, i) => {
      data.set(state.get(path.replace(first, part))?.data as Float32Array, i * value.data.length);
    });
    const [rows = 0, ...rest] = value.shape;
    joined.set(path.replace(first, name), hostTensor(data, [rows * parts.length, ...rest]));
  }
  return joined;
}

function reshaped(value: HostTensor | undefined, shape: Shape): HostTensor {
  if (!value || sizeOf(value.shape) !== sizeOf(shape)) {
    throw new Error("Names of official weights must pair tensors of one size.");
  }
  return hostTensor(value.data, shape, value.dtype);
}
