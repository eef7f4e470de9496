import type { LineSeries, Lines } from "@quire/papers";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** Colours of series, that can be told apart in light and dark and with any sight. */
const colours = [
  "#c2602f",
  "#3f7d8c",
  "#8a6bb1",
  "#6f8f3a",
  "#b8893b",
  "#7a7f87",
  "#a8486b",
  "#4d6fb0",
];

/** Distances of marks on an axis of whole numbers. */
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** What a page draws by uPlot: series over one axis. */
export interface PlotData {
  readonly x: readonly number[];
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
    readonly mark?: LineSeries["mark"];
  }[];
  readonly isTime?: boolean;
  readonly isLog?: boolean;
}

/** Lines as uPlot draws them; the plot is as wide as its place. */
export function Plot({
  data,
  height,
  label,
}: {
  readonly data: PlotData;
  readonly height: number;
  readonly label: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const names = data.series.map(({ name }) => name).join("\n");
  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const made = new uPlot(optionsOf(data, parent.clientWidth, height), alignedOf(data), parent);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names]);
  useEffect(() => plot.current?.setData(alignedOf(data)), [data]);
  return <div ref={place} class="uplot-place" role="img" aria-label={label} />;
}

/** A figure of lines. */
export function LinesPlot({ lines }: { readonly lines: Lines & { readonly title?: string } }) {
  const x = [...new Set(lines.series.flatMap(({ points }) => points.map(([at]) => at)))].sort(
    (a, b) => a - b,
  );
  const isTime = lines.x.scale === "time";
  const data: PlotData = {
    x: isTime ? x.map((at) => at / 1000) : x,
    series: lines.series.map(({ name, points, mark }) => {
      const known = new Map(points);
      return { name, values: x.map((at) => known.get(at) ?? null), ...(mark && { mark }) };
    }),
    ...{ isTime, isLog: lines.y.scale === "log" },
  };
  return <Plot data={data} height={220} label={`${lines.y.title} over ${lines.x.title}`} />;
}

function alignedOf({ x, series }: PlotData): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function optionsOf(
  { x, series, isTime = false, isLog = false }: PlotData,
  width: number,
  height: number,
): uPlot.Options {
  const ink = (): string => getComputedStyle(document.body).getPropertyValue("--soft").trim();
  const line = (): string => getComputedStyle(document.body).getPropertyValue("--line").trim();
  const axis = {
    stroke: ink,
    font: "12px Inter Variable, sans-serif",
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  };
  return {
    ...{ width, height },
    legend: { show: series.length > 1, live: false },
    cursor: { y: false },
    scales: { x: { time: isTime }, y: { distr: isLog ? 3 : 1 } },
    axes: [
      { ...axis, size: 32, ...(!isTime && x.every(Number.isInteger) && { incrs: [...steps] }) },
      { ...axis, size: 52 },
    ],
    series: [
      {},
      ...series.map(({ name, mark }, i) => ({
        label: name,
        stroke: colours[i % colours.length] as string,
        width: mark === "points" ? 0 : 2,
        ...(mark === "dashes" && { dash: [6, 5] }),
        spanGaps: true,
        // A line of a single point would not be seen.
        points: { show: ({ data }: uPlot) => mark === "points" || data[0]?.length === 1, size: 5 },
      })),
    ],
  };
}
