import { type ImportedInput, type ImportedModel, QuireError } from "@quire/tensor";

/** How a model takes pictures. */
export interface PictureInput {
  readonly name: string;
  /** 1 for grey, 3 for colour. */
  readonly channels: 1 | 3;
  /** Rows and columns of a picture; undefined where the model takes any. */
  readonly height: number | undefined;
  readonly width: number | undefined;
  /** Whether a pixel's values stand together, `[B, H, W, C]`, as TensorFlow has them. */
  readonly channelsLast: boolean;
}

/**
 * The input of a model that takes pictures: float32 of four axes, one of 1 or 3 channels.
 *
 * @param name The input's name; the only one that there is unless said.
 * @throws QuireError when there is no such input, another one besides, or it takes no pictures.
 */
export function pictureInput(model: Pick<ImportedModel, "inputs">, name?: string): PictureInput {
  const found = chosen(model.inputs, name);
  const channelsLast = !isChannels(found.shape[1]) && isChannels(found.shape[3]);
  const [channels, height, width] = channelsLast
    ? [found.shape[3], found.shape[1], found.shape[2]]
    : [found.shape[1], found.shape[2], found.shape[3]];
  if (found.dtype !== "float32" || found.shape.length !== 4 || !isChannels(channels)) {
    throw new QuireError(
      `the model's input "${found.name}" is ${found.dtype} [${found.shape.join(", ")}], which are no pictures: ` +
        "those are float32 [batch, channels, height, width] of 1 or 3 channels.",
    );
  }
  const fixed = (size: number | string | undefined) =>
    typeof size === "number" ? size : undefined;
  return { name: found.name, channels, height: fixed(height), width: fixed(width), channelsLast };
}

function isChannels(size: number | string | undefined): size is 1 | 3 {
  return size === 1 || size === 3;
}

function chosen(inputs: readonly ImportedInput[], name: string | undefined): ImportedInput {
  const names = inputs.map((input) => `"${input.name}"`).join(", ");
  const found = name === undefined ? inputs[0] : inputs.find((input) => input.name === name);
  if (!found) {
    const what = name === undefined ? "takes no input" : `has no input "${name}"; it has ${names}`;
    throw new QuireError(`the model ${what}.`);
  }
  if (inputs.length === 1) return found;
  throw new QuireError(
    `the model takes ${inputs.length} inputs (${names}), a classifier of pictures takes one.`,
  );
}
