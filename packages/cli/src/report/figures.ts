import type { Axis, Figure, HeatMap, LineSeries, Lines, Pixels } from "@quire/papers";
import type { TopLevelSpec } from "vega-lite";
import { escaped } from "./html.ts";
import { svgOf } from "./plots.ts";

/** Draws a figure as HTML that stands alone. */
export async function figureBody(figure: Figure): Promise<string> {
  const caption = figure.caption === undefined ? "" : `<p>${escaped(figure.caption)}</p>`;
  return `${await drawn(figure)}${caption}`;
}

function drawn(figure: Figure): string | Promise<string> {
  switch (figure.kind) {
    case "lines":
      return svgOf(linesSpec(figure));
    case "heat":
      return svgOf(heatSpec(figure));
    case "pixels":
      return pngOf(figure).then((png) => pngBody(png));
    case "svg":
      // As an image an SVG can neither run scripts nor reach anything.
      return image(`data:image/svg+xml;base64,${Buffer.from(figure.svg).toString("base64")}`);
    case "text":
      return `<pre>${escaped(figure.text)}</pre>`;
  }
}

function linesSpec({ x, y, series }: Lines): TopLevelSpec {
  const xField = { field: "x", ...axisOf(x) } as const;
  const color = { field: "series", type: "nominal", title: null } as const;
  const of = (mark: LineSeries["mark"]): object[] =>
    series.filter((one) => (one.mark ?? "line") === mark).flatMap(valuesOf);
  const y1 = { field: "y", ...axisOf(y) } as const;
  const detail = { field: "order", type: "quantitative" } as const;
  return {
    width: 480,
    height: 280,
    config: { legend: { symbolOpacity: 1, labelLimit: 320 } },
    encoding: { x: xField, color },
    layer: [
      {
        data: { values: series.flatMap(bandOf) },
        mark: { type: "area", opacity: 0.15 },
        encoding: { y: { field: "low", ...axisOf(y) }, y2: { field: "high" } },
      },
      {
        data: { values: of("line") },
        mark: { type: "line", strokeWidth: 2 },
        encoding: { y: y1, order: detail },
      },
      {
        data: { values: of("dashes") },
        mark: { type: "line", strokeWidth: 2, strokeDash: [5, 4] },
        encoding: { y: y1, order: detail },
      },
      {
        data: { values: of("points") },
        mark: { type: "point", filled: true, size: 30 },
        encoding: { y: y1 },
      },
    ],
  };
}

function valuesOf({ name, points }: LineSeries): object[] {
  return points.map(([x, y], order) => ({ series: name, x, y, order }));
}

function bandOf({ name, points, band = [] }: LineSeries): object[] {
  return band.map(([low, high], place) => ({ series: name, x: points[place]?.[0], low, high }));
}

function axisOf({ title, scale = "linear" }: Axis) {
  if (scale === "time") return { type: "temporal", title } as const;
  const spread = scale === "log" ? ({ type: "log" } as const) : ({ zero: false } as const);
  return { type: "quantitative", title, scale: spread } as const;
}

function heatSpec({ rows, columns, values }: HeatMap): TopLevelSpec {
  const cells = values.flatMap((row, i) =>
    row.map((value, j) => ({ row: i, column: j, value, rowName: rows[i], columnName: columns[j] })),
  );
  const step = Math.max(4, Math.min(28, Math.floor(560 / Math.max(rows.length, columns.length))));
  const labels = step >= 10;
  const axis = labels ? {} : { axis: null };
  return {
    data: { values: cells },
    width: { step },
    height: { step },
    mark: "rect",
    encoding: {
      x: { field: "columnName", type: "nominal", title: null, sort: [...columns], ...axis },
      y: { field: "rowName", type: "nominal", title: null, sort: [...rows], ...axis },
      color: { field: "value", type: "quantitative", title: null, scale: { scheme: "viridis" } },
    },
  };
}

/** A picture of bytes as the bytes of a PNG. */
export async function pngOf({ width, height, bytes }: Pixels): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  return await sharp(bytes, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** A PNG as HTML that stands alone. */
export function pngBody(png: Buffer, caption?: string): string {
  const said = caption === undefined ? "" : `<p>${escaped(caption)}</p>`;
  return `${image(`data:image/png;base64,${png.toString("base64")}`)}${said}`;
}

function image(source: string): string {
  return `<img alt="" src="${source}">`;
}
