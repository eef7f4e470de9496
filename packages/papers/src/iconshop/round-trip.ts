import {
  type CaptionedIcon,
  type GridIcon,
  gridIcon,
  type Icon,
  IconCoding,
  iconSheet,
  iconSvg,
} from "@quire/data";
import { mdiIcons, mdiSvg, svgPixels } from "@quire/data/files";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";

/** Every so many icons are rendered. */
const every = { full: 1, quick: 150 } as const satisfies Record<Budget, number>;
const grids = [25, 49, 200] as const;
/** The official code's grid, of which the claim speaks. */
const OFFICIAL = 200;
/** So fine a grid that it changes no length. */
const FINEST = 1024;
/** Pixels in each direction that icons are rendered to. */
const SIDE = 64;
/** Icons that are rendered at once. */
const TOGETHER = 16;
/** The most tokens of an icon in the official code. */
const LONGEST = 512;
/** What rendering itself leaves between the same outline, written in two ways: a share of all pixels. */
const RENDERING = 5e-4;

interface Found {
  readonly tokens: number;
  readonly problem: string | undefined;
  /** Share of the picture that differs, and the share that half a step along the outline covers. */
  readonly difference: number;
  readonly bound: number;
}

/** Icons through their tokens and back, on grids of several sizes, rendered beside themselves. */
export const roundTrip: Experiment<readonly CaptionedIcon[]> = {
  claims: ["round-trip"],
  // Nothing is drawn at random.
  seeds: [0],
  load: async (budget) => {
    const { icons } = await mdiIcons();
    return icons.filter((_, place) => place % every[budget] === 0);
  },
  measure,
};

async function measure({
  data,
  signal,
  onProgress,
}: ExperimentContext<readonly CaptionedIcon[]>): Promise<ExperimentResult> {
  const found = grids.map((): Found[] => []);
  for (let first = 0; first < data.length; first += TOGETHER) {
    signal?.throwIfAborted();
    const some = data.slice(first, first + TOGETHER);
    for (const all of await Promise.all(some.map(({ icon }) => onAllGrids(icon)))) {
      for (const [i, one] of all.entries()) found[i]?.push(one);
    }
    onProgress?.({ doing: some[0]?.icon.name ?? "", share: first / data.length });
  }
  const rows = grids.map((grid, i) => rowOf(grid, found[i] as Found[]));
  const own = found[grids.indexOf(OFFICIAL)] as Found[];
  const faults = found.flat().filter(({ problem }) => problem !== undefined).length;
  const over = own.filter(({ difference, bound }) => difference > bound).length;
  const worst = Math.max(...own.map(({ difference }) => difference));
  return {
    metrics: [
      { name: "difference", as: "share", better: "lower" },
      { name: "worst", as: "share", better: "lower" },
      { name: "faults", as: "number", better: "lower" },
      { name: "tokens", as: "number", better: "lower" },
      { name: "withinLength", as: "share", better: "higher" },
    ],
    rows,
    figures: [sheet(data.map(({ icon }) => icon))],
    verdicts: [
      {
        claim: "round-trip",
        holds: faults === 0 && over === 0,
        rule: "No icon is read back with a fault, on any grid; on 200 places each picture differs by at most what half a step to each side of its outline covers, and 0.05 % for rendering.",
        found: `${data.length} icons, ${faults} faults; ${over} differ by more, the most by ${(100 * worst).toFixed(2)} % of the picture.`,
      },
    ],
  };
}

/** An icon on every grid and back, beside what its file shows. */
async function onAllGrids(icon: Icon): Promise<Found[]> {
  const original = await svgPixels(await mdiSvg(icon.name), SIDE);
  const outline = outlineOf(gridIcon(icon, FINEST));
  return await Promise.all(grids.map((grid) => compared(icon, grid, { original, outline })));
}

/** An icon on a grid and back, beside its picture. */
async function compared(
  icon: Icon,
  grid: number,
  { original, outline }: { readonly original: Uint8Array; readonly outline: number },
): Promise<Found> {
  const coding = new IconCoding({ grid, scheme: "point" });
  const tokens = coding.encode(gridIcon(icon, grid));
  const { icon: back, problem } = coding.read(tokens);
  const pixels = await svgPixels(iconSvg(back), SIDE);
  const off = pixels.reduce((sum, value, i) => sum + Math.abs(value - (original[i] as number)), 0);
  return {
    ...{ tokens: tokens.length, problem, difference: off / 255 / original.length },
    // A place is at most half a step off in each direction.
    bound: RENDERING + (outline * Math.SQRT1_2) / (grid - 1),
  };
}

/** The length of an icon's outline, in widths of the icon; of a curve that of its control points. */
function outlineOf({ grid, paths }: GridIcon): number {
  let length = 0;
  for (const { start, segments } of paths.flat()) {
    let [x, y] = start;
    for (const { controls = [], to } of segments) {
      for (const [nextX, nextY] of [...controls, to]) {
        length += Math.hypot(nextX - x, nextY - y);
        [x, y] = [nextX, nextY];
      }
    }
  }
  return length / (grid - 1);
}

function rowOf(grid: number, found: readonly Found[]): Row {
  const differences = found.map(({ difference }) => difference);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    system: `${grid} x ${grid} places`,
    parameters: 0,
    metrics: {
      difference: [mean(differences)],
      worst: [Math.max(...differences)],
      faults: [found.filter(({ problem }) => problem !== undefined).length],
      tokens: [mean(found.map(({ tokens }) => tokens))],
      withinLength: [mean(found.map(({ tokens }) => Number(tokens <= LONGEST)))],
    },
    seconds: [0],
    curves: [{ seed: 0, points: [] }],
  };
}

/** Icons that are shown, each on all grids. */
const SHOWN = 6;

function sheet(icons: readonly Icon[]): NonNullable<ExperimentResult["figures"]>[number] {
  const step = Math.max(1, Math.floor(icons.length / SHOWN));
  const some = Array.from({ length: SHOWN }, (_, i) => icons[i * step]).filter(
    (icon) => icon !== undefined,
  );
  const items = grids.flatMap((grid) =>
    some.map((icon) => ({ icon: gridIcon(icon, grid), caption: `${grid} places` })),
  );
  return {
    ...{ kind: "svg", title: "Icons on grids of several sizes" },
    caption: "Each icon read back from its tokens.",
    svg: iconSheet(items, { columns: SHOWN, side: 96 }),
  };
}
