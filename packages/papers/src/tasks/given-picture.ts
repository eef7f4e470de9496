import type { GivenPicture } from "../task-answer.ts";

/** A picture of the size that a system takes, `[H, W, C]`: each place is the mean of the pixels that fall on it. */
export function averaged(
  { width, height, bytes }: GivenPicture,
  target: { readonly height: number; readonly width: number; readonly channels: number },
): Uint8Array {
  const result = new Uint8Array(target.height * target.width * target.channels);
  const span = (place: number, places: number, pixels: number): readonly [number, number] => {
    const from = Math.floor((place * pixels) / places);
    return [from, Math.max(from + 1, Math.floor(((place + 1) * pixels) / places))];
  };
  for (let y = 0; y < target.height; y++) {
    for (let x = 0; x < target.width; x++) {
      const [rows, columns] = [span(y, target.height, height), span(x, target.width, width)];
      const sums = [0, 0, 0];
      for (let row = rows[0]; row < rows[1]; row++) {
        for (let column = columns[0]; column < columns[1]; column++) {
          for (let of = 0; of < 3; of++) {
            sums[of] = (sums[of] as number) + (bytes[4 * (row * width + column) + of] as number);
          }
        }
      }
      const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
      const means = sums.map((sum) => sum / count);
      const grey = means.reduce((sum, mean) => sum + mean, 0) / 3;
      const at = (y * target.width + x) * target.channels;
      result.set(target.channels === 1 ? [grey] : means, at);
    }
  }
  return result;
}
