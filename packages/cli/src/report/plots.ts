import type { TopLevelSpec } from "vega-lite";

/** A value of a curve: whose, in which epoch, with which seed. */
export interface CurveValue {
  readonly series: string;
  readonly epoch: number;
  readonly value: number;
  readonly seed?: number;
}

/** What a learning curve is drawn as. */
export interface CurvePlot {
  /** What the values are, such as "loss". */
  readonly title: string;
  readonly values: readonly CurveValue[];
  /** Whether values are shares, shown as percentages. */
  readonly isShare?: boolean;
}

/** Draws curves over epochs: a line a series, and a fine one for each seed where there are several. */
export async function curvePlot({ title, values, isShare = false }: CurvePlot): Promise<string> {
  const y = {
    field: "value",
    type: "quantitative",
    title,
    scale: { zero: false },
    axis: { format: isShare ? ".0%" : "" },
  } as const;
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    axis: { tickMinStep: 1, format: "d" },
  } as const;
  const color = { field: "series", type: "nominal", title: null } as const;
  const spec: TopLevelSpec = {
    data: { values: values.map((value) => ({ seed: 0, ...value })) },
    width: 420,
    height: 240,
    config: { legend: { symbolOpacity: 1, labelLimit: 320 } },
    encoding: { x, color },
    layer: [
      {
        mark: { type: "line", opacity: 0.25, strokeWidth: 1 },
        encoding: { y, detail: { field: "seed", type: "nominal" } },
      },
      {
        mark: { type: "line", strokeWidth: 2, point: { size: 24 } },
        encoding: { y: { ...y, aggregate: "mean" } },
      },
    ],
  };
  return await svgOf(spec);
}

/** Draws how many items of each class (row) were taken for each class (column). */
export async function confusionPlot(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
): Promise<string> {
  const values = confusion.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, guess) => ({
      is: classes[label],
      said: classes[guess],
      count,
      share: total === 0 ? 0 : count / total,
    }));
  });
  const order = [...classes];
  const spec: TopLevelSpec = {
    data: { values },
    width: { step: 34 },
    height: { step: 34 },
    encoding: {
      x: { field: "said", type: "nominal", title: "predicted", sort: order },
      y: { field: "is", type: "nominal", title: "true class", sort: order },
    },
    layer: [
      {
        mark: "rect",
        encoding: {
          color: {
            field: "share",
            type: "quantitative",
            title: "share",
            scale: { scheme: "blues", domain: [0, 1] },
            legend: { format: ".0%" },
          },
        },
      },
      {
        mark: "text",
        encoding: {
          text: { field: "count" },
          color: { condition: { test: "datum.share > 0.55", value: "white" }, value: "#333" },
        },
      },
    ],
  };
  return await svgOf(spec);
}

/** Draws a plot as SVG in HTML. Vega is loaded only where a plot is drawn: it takes longer than most commands. */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const [{ compile }, { View, parse }] = await Promise.all([import("vega-lite"), import("vega")]);
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const drawn = await view.toSVG();
  view.finalize();
  return `<div class="plot">${drawn}</div>`;
}
