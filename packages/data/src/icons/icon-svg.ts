import type { GridIcon, Loop } from "./grid-icon.ts";

/** Path data of loops. */
export function pathText(loops: readonly Loop[]): string {
  return loops
    .map(({ start, segments }) => {
      const drawn = segments.map(({ controls, to }) =>
        controls
          ? `C${[...controls, to].map((point) => point.join(" ")).join(" ")}`
          : `L${to.join(" ")}`,
      );
      return `M${start.join(" ")}${drawn.join("")}`;
    })
    .join("");
}

/** What an icon draws, as elements of SVG in the coordinates of its grid. */
export function iconElements({ paths, stroke }: GridIcon): string {
  const line = 'stroke-linecap="round" stroke-linejoin="round"';
  const style =
    stroke === undefined
      ? ""
      : ` fill="none" stroke="currentColor" stroke-width="${Number(stroke.toFixed(3))}" ${line}`;
  return paths.map((loops) => `<path d="${pathText(loops)}"${style}/>`).join("");
}

/** An icon as an SVG file. */
export function iconSvg(icon: GridIcon): string {
  const side = icon.grid - 1;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}">${iconElements(icon)}</svg>\n`;
}

/** An icon on a sheet, and what stands below it. */
export interface SheetItem {
  readonly icon: GridIcon;
  readonly caption?: string;
}

/** How a sheet is laid out. */
export interface SheetOptions {
  /** Icons side by side; about as many as below one another unless said. */
  readonly columns?: number;
  /** Width and height of an icon, in pixels; 64 unless said. */
  readonly side?: number;
}

/** The space around an icon and the height of its caption, as shares of its side. */
const GAP = 0.2;
const CAPTION = 0.3;
/** Letters that fit below an icon. */
const LETTERS = 18;

/** Icons in rows as one SVG, dark on white. */
export function iconSheet(items: readonly SheetItem[], options: SheetOptions = {}): string {
  const { side = 64, columns = Math.ceil(Math.sqrt(items.length * 1.6)) } = options;
  const hasCaptions = items.some(({ caption }) => caption !== undefined);
  const [across, down] = [side * (1 + GAP), side * (1 + GAP + (hasCaptions ? CAPTION : 0))];
  const [width, height] = [across * columns, down * Math.ceil(items.length / columns)];
  const cells = items.map(({ icon, caption }, place) => {
    const [x, y] = [(place % columns) * across, Math.floor(place / columns) * down];
    const at = `translate(${number(x + (side * GAP) / 2)} ${number(y + (side * GAP) / 2)})`;
    const drawn = `<g transform="${at} scale(${number(side / (icon.grid - 1))})">${iconElements(icon)}</g>`;
    return drawn + (caption === undefined ? "" : words(caption, [x + across / 2, y + down], side));
  });
  const box = `viewBox="0 0 ${number(width)} ${number(height)}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${box} width="${number(width)}" height="${number(height)}">` +
    `<rect width="100%" height="100%" fill="#fff"/><g color="#222" fill="#222">${cells.join("")}</g></svg>\n`
  );
}

function words(text: string, [x, y]: readonly [number, number], side: number): string {
  const short = text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
  const size = number(side * 0.12);
  const at = `x="${number(x)}" y="${number(y - side * 0.12)}"`;
  return `<text ${at} font-family="sans-serif" font-size="${size}" text-anchor="middle">${escaped(short)}</text>`;
}

function number(value: number): string {
  return String(Number(value.toFixed(4)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
