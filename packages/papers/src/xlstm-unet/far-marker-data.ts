import { Random } from "@quire/tensor";
import { type SegmentationCase, standardized } from "../tasks/segmentation-data.ts";

/** Side of a picture in pixels. */
export const SIDE = 32;
/** Rows of a band, each of which has a marker and a blob of its own. */
const BAND = 8;

/** Classes of places: nothing, and blobs by the two kinds of markers. */
export const markerClasses = ["background", "blob of a cross", "blob of a ring"] as const;

/**
 * A picture of noise with bands. At the left of each stands a marker, a cross or a ring, and at the right a blob;
 * all blobs look alike, and the class of each is told by the marker of its band, some twenty pixels away. Averages over
 * the picture tell nothing, since bands differ.
 */
function farMarker(name: string, height: number, random: Random): SegmentationCase {
  const values = new Float32Array(height * SIDE).map(() => 0.3 * random.normal());
  const labels = new Uint8Array(height * SIDE);
  for (let band = 0; band < height / BAND; band++) {
    const middle = band * BAND + BAND / 2 - 0.5;
    const isRing = random.uniform() < 0.5;
    const at = { x: 2.5 + random.uniform(), y: middle + (random.uniform() - 0.5) };
    paint(at, height, (dx, dy, place) => {
      const distance = Math.hypot(dx, dy);
      const isCross = Math.min(Math.abs(dx), Math.abs(dy)) < 0.6 && distance < 3;
      if (isRing ? Math.abs(distance - 2.2) < 0.6 : isCross)
        values[place] = (values[place] ?? 0) + 3;
    });
    const radius = 2 + random.uniform();
    const blob = { x: 24 + 4 * random.uniform(), y: middle + (random.uniform() - 0.5) };
    paint(blob, height, (dx, dy, place) => {
      if (Math.hypot(dx, dy) >= radius) return;
      values[place] = (values[place] ?? 0) + 2;
      labels[place] = isRing ? 2 : 1;
    });
  }
  const size = [1, height, SIDE] as const;
  return { name, values: standardized(values, 1), labels, channels: 1, size };
}

/** Visits all places of the picture with their distances from a point. */
function paint(
  { x, y }: { readonly x: number; readonly y: number },
  height: number,
  visit: (dx: number, dy: number, place: number) => void,
): void {
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < SIDE; column++) visit(column - x, row - y, row * SIDE + column);
  }
}

/** So many pictures of far markers, 32 pixels wide; the same for the same seed. */
export function farMarkers(count: number, seed: number, height = SIDE): SegmentationCase[] {
  const random = new Random(seed).fork("far markers");
  return Array.from({ length: count }, (_, i) => farMarker(`picture ${i}`, height, random.fork(i)));
}
