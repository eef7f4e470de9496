import { type HostTensor, hostTensor, QuireError } from "@quire/tensor";
import type { NamedTensors } from "../safetensors.ts";

/**
 * The mean of several checkpoints, name by name (Izmailov et al. 2018, section 3). Values other than float32 are those
 * of the last one. Checkpoints are taken one at a time, so that they can be read from files as they are needed.
 *
 * @throws QuireError when there are none, or names, shapes or types differ.
 */
export async function averageTensors(
  checkpoints: Iterable<NamedTensors> | AsyncIterable<NamedTensors>,
): Promise<NamedTensors> {
  const sums = new Map<string, Float64Array>();
  let last: NamedTensors | undefined;
  let count = 0;
  for await (const tensors of checkpoints) {
    if (last) requireSame(last, tensors, count);
    for (const [name, tensor] of tensors) addTo(sums, name, tensor);
    last = tensors;
    count += 1;
  }
  if (!last) throw new QuireError("averageTensors: give at least one checkpoint.");
  const means = [...last].map(([name, tensor]): [string, HostTensor] => {
    const sum = sums.get(name);
    if (!sum) return [name, tensor];
    return [
      name,
      hostTensor(
        Float32Array.from(sum, (value) => value / count),
        tensor.shape,
      ),
    ];
  });
  return new Map(means);
}

function addTo(sums: Map<string, Float64Array>, name: string, { dtype, data }: HostTensor): void {
  if (dtype !== "float32") return;
  const sum = sums.get(name) ?? new Float64Array(data.length);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (data[i] as number);
  sums.set(name, sum);
}

function requireSame(before: NamedTensors, tensors: NamedTensors, place: number): void {
  const types = [before, tensors].map(
    (all) =>
      new Map([...all].map(([name, { dtype, shape }]) => [name, `${dtype} [${shape.join(", ")}]`])),
  ) as [Map<string, string>, Map<string, string>];
  const names = new Set([...types[0].keys(), ...types[1].keys()]);
  const other = [...names].find((name) => types[0].get(name) !== types[1].get(name));
  if (other === undefined) return;
  const [wanted, got] = types.map((type) => type.get(other) ?? "nothing");
  throw new QuireError(
    `averageTensors: ${other} is ${wanted} in checkpoint ${place}, ${got} in checkpoint ${place + 1}.`,
  );
}
