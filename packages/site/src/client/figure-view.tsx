import type { Figure, HeatMap, Pixels } from "@quire/papers";
import { useEffect, useRef } from "preact/hooks";
import { Wide } from "../components/wide.tsx";
import { LinesPlot } from "./lines-plot.tsx";

/** A figure as a page draws it. */
export function FigureView({ figure }: { readonly figure: Figure }) {
  return (
    <figure class={`figure ${figure.kind}`}>
      <figcaption>{figure.title}</figcaption>
      <Body figure={figure} />
      {figure.caption && <p class="hint">{figure.caption}</p>}
    </figure>
  );
}

function Body({ figure }: { readonly figure: Figure }) {
  switch (figure.kind) {
    case "lines":
      return <LinesPlot lines={figure} />;
    case "heat":
      return <Heat map={figure} title={figure.title} />;
    case "pixels":
      return <PixelCanvas pixels={figure} title={figure.title} />;
    case "svg":
      // As an image an SVG can neither run scripts nor reach anything.
      return (
        <img alt={figure.title} src={`data:image/svg+xml,${encodeURIComponent(figure.svg)}`} />
      );
    case "text":
      return <Text text={figure.text} title={figure.title} />;
  }
}

/** Lines that are shown of a text at once; more of them scroll. */
const MOST_LINES = 20;

function Text({ text, title }: { readonly text: string; readonly title: string }) {
  const pre = <pre class="plain">{text}</pre>;
  return text.split("\n").length > MOST_LINES ? <Wide label={title}>{pre}</Wide> : pre;
}

function PixelCanvas({ pixels, title }: { readonly pixels: Pixels; readonly title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, bytes } = pixels;
  useEffect(() => {
    const image = new ImageData(Uint8ClampedArray.from(bytes), width, height);
    canvas.current?.getContext("2d")?.putImageData(image, 0, 0);
  }, [bytes, width, height]);
  return (
    <canvas
      ref={canvas}
      class="pixels"
      width={width}
      height={height}
      style={{ "--ratio": width / height }}
      role="img"
      aria-label={title}
    />
  );
}

/** Names stand at rows and columns while there is room for them. */
const MOST_NAMES = 24;
/** The width of a map with names, and of a column of it, at most, in rem. */
const MOST_WIDTH = 24;
const CELL_WIDTH = 4.5;
/** Columns whose names stand below a map, at most. */
const MOST_COLUMNS = 8;

function Heat({ map, title }: { readonly map: HeatMap; readonly title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { rows, columns, values } = map;
  useEffect(() => {
    const flat = values.flat();
    const [least, most] = [Math.min(...flat), Math.max(...flat)];
    const bytes = Uint8ClampedArray.from(
      flat.flatMap((value) => colourOf(most > least ? (value - least) / (most - least) : 0)),
    );
    const image = new ImageData(bytes, columns.length, rows.length);
    canvas.current?.getContext("2d")?.putImageData(image, 0, 0);
  }, [values, rows, columns]);
  const isNamed = rows.length <= MOST_NAMES && rows.some((name) => Number.isNaN(Number(name)));
  return (
    <div class={isNamed ? "heat-map named" : "heat-map"}>
      {isNamed && (
        <ol class="row-names" style={{ gridTemplateRows: `repeat(${rows.length}, 1fr)` }}>
          {rows.map((name, i) => (
            <li key={`${name} ${i}`}>{name}</li>
          ))}
        </ol>
      )}
      <canvas
        ref={canvas}
        width={columns.length}
        height={rows.length}
        style={{
          aspectRatio: `${columns.length} / ${rows.length}`,
          ...(isNamed && { maxWidth: widthOf(columns) }),
        }}
        role="img"
        aria-label={title}
      />
      {isNamed && <ColumnNames columns={columns} />}
    </div>
  );
}

/** Names of columns below a map, where they are words and few. */
function ColumnNames({ columns }: { readonly columns: readonly string[] }) {
  const isWorded = columns.some((name) => Number.isNaN(Number(name)));
  if (!isWorded || columns.length > MOST_COLUMNS) return null;
  return (
    <ol
      class="column-names"
      style={{
        gridTemplateColumns: `repeat(${columns.length}, minmax(0, 1fr))`,
        maxWidth: widthOf(columns),
      }}
    >
      {columns.map((name, i) => (
        <li key={`${name} ${i}`}>{name}</li>
      ))}
    </ol>
  );
}

function widthOf(columns: readonly string[]): string {
  return `${Math.min(MOST_WIDTH, CELL_WIDTH * columns.length)}rem`;
}

/** Stops of a scale from paper over rust to ink, even in lightness. */
const stops = [
  [250, 244, 232],
  [240, 198, 150],
  [214, 128, 78],
  [150, 66, 58],
  [52, 30, 52],
] as const;

function colourOf(share: number): number[] {
  const at = share * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const [from, to] = [stops[low] as readonly number[], stops[low + 1] as readonly number[]];
  const mixed = from.map((value, i) => value + (at - low) * ((to[i] as number) - value));
  return [...mixed, 255];
}
