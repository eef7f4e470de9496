import type { HostTensor, Variable } from "@quire/tensor";
import type { ProcessGroup } from "./process-group.ts";

/** Gives every process the variables' values of process 0. */
export async function shareVariables(
  group: ProcessGroup,
  variables: readonly Variable[],
): Promise<void> {
  for (const variable of variables) {
    const value = await variable.get();
    await group.broadcast(bytesOf(value));
    await variable.set(value);
  }
}

/** Gives every process the means of the variables' values over all of them; the variables hold float32. */
export async function averageVariables(
  group: ProcessGroup,
  variables: readonly Variable[],
): Promise<void> {
  for (const variable of variables) {
    const value = await variable.get();
    const data = value.data as Float32Array;
    await group.allReduce(data);
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) / group.size;
    await variable.set(value);
  }
}

/** Gives every process the numbers of process 0, whose names all of them know. */
export async function shareNumbers(
  group: ProcessGroup,
  numbers: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const names = Object.keys(numbers).sort();
  const values = Float64Array.from(names, (name) => numbers[name] as number);
  await group.broadcast(new Uint8Array(values.buffer));
  return Object.fromEntries(names.map((name, i) => [name, values[i] as number]));
}

function bytesOf({ data }: HostTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
