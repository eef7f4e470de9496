import sax from "sax";
import svgpath from "svgpath";
import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { type Attributes, pathData } from "./svg-shapes.ts";

/** A command of a path: `M`, `L`, `C`, `Q` or `Z`, always absolute, with its numbers. */
export type PathCommand = readonly [command: string, ...numbers: number[]];

/** An icon as paths in its own coordinates. */
export interface Icon {
  readonly name: string;
  /** Left, top, width and height of the drawing's coordinates. */
  readonly viewBox: readonly [number, number, number, number];
  /** The paths in the order in which they are drawn. */
  readonly paths: readonly (readonly PathCommand[])[];
  /** How wide lines are, in the drawing's coordinates, where lines are drawn and nothing is filled. */
  readonly stroke?: number;
}

/** Icons. Format: a folder of SVG files. */
export interface IconData {
  readonly icons: readonly Icon[];
  readonly size: number;
  describe(): string;
}

interface Element {
  readonly name: string;
  readonly attributes: Attributes;
  /** The transforms of the elements around it and its own, the outermost first. */
  readonly transforms: readonly string[];
  readonly hidden: boolean;
}

/** Elements that define something that is drawn only where it is used. */
const undrawn = new Set(["defs", "clipPath", "mask", "symbol", "pattern", "marker"]);

/**
 * Reads an icon of SVG: paths, lines, polylines, polygons, rectangles, circles and ellipses become paths of absolute
 * commands, their transforms applied, arcs as cubic curves.
 *
 * @param name what errors call the file.
 * @throws DataError when the text is no SVG, a path is malformed, or nothing is drawn.
 */
export function parseSvg(text: string, name: string): Icon {
  if (text.trim() === "") throw new DataError(`${name} is empty: give it an SVG drawing.`);
  const elements = readElements(text, name);
  const [root] = elements;
  if (root?.name !== "svg") {
    throw new DataError(`${name} is no SVG: its first element is not <svg>.`);
  }
  const paths = elements
    .filter(({ hidden }) => !hidden)
    .flatMap((element) => {
      const data = pathData(element.name, element.attributes);
      return data === undefined ? [] : [commandsOf(data, element.transforms, name)];
    })
    .filter((commands) => commands.length > 0);
  if (paths.length === 0) {
    throw new DataError(`${name} draws nothing that is read: convert its shapes to paths.`);
  }
  const stroke = strokeOf(elements);
  const viewBox = viewBoxOf(root.attributes, name);
  return { name, viewBox, paths, ...(stroke === undefined ? {} : { stroke }) };
}

/** The width of an icon's lines, where the whole of it is drawn so: it or the group around it fills nothing. */
function strokeOf(elements: readonly Element[]): number | undefined {
  const around = elements.filter(({ name }) => name === "svg" || name === "g");
  const isLine = around.some(({ attributes: own }) => {
    return own["fill"] === "none" && own["stroke"] !== undefined && own["stroke"] !== "none";
  });
  if (!isLine) return undefined;
  const width = around.find(({ attributes }) => attributes["stroke-width"])?.attributes;
  return Number.parseFloat(width?.["stroke-width"] ?? "1");
}

/**
 * A data set of icons.
 *
 * @param name what errors call the set.
 * @throws DataError when there is none.
 */
export function iconData(icons: readonly Icon[], name: string): IconData {
  if (icons.length === 0) throw new DataError(`${name} holds no SVG file: add some.`);
  const boxes = new Set(icons.map(({ viewBox }) => `${viewBox[2]} x ${viewBox[3]}`));
  const commands = icons.reduce(
    (sum, { paths }) => sum + paths.reduce((count, path) => count + path.length, 0),
    0,
  );
  const describe = (): string =>
    `${counted(icons.length, "icon")} of ${[...boxes].slice(0, 3).join(", ")}${boxes.size > 3 ? ", ..." : ""}, ` +
    counted(commands, "command");
  return { icons, size: icons.length, describe };
}

function readElements(text: string, name: string): Element[] {
  const parser = sax.parser(true, { trim: true });
  const elements: Element[] = [];
  const open: Element[] = [];
  parser.onopentag = ({ name: tag, attributes }) => {
    const parent = open.at(-1);
    const own = attributes as Attributes;
    const isBlank = own["fill"] === "none" && own["stroke"] === "none";
    const isHidden = undrawn.has(tag) || own["display"] === "none" || isBlank;
    const element = {
      name: tag.replace(/^svg:/, ""),
      attributes: own,
      transforms: [...(parent?.transforms ?? []), ...(own["transform"] ? [own["transform"]] : [])],
      hidden: (parent?.hidden ?? false) || isHidden,
    };
    open.push(element);
    elements.push(element);
  };
  parser.onclosetag = () => open.pop();
  parser.onerror = (cause) => {
    const line = parser.line + 1;
    const what = cause.message.split("\n")[0];
    throw new DataError(`${name}, line ${line}: the file is no whole XML (${what}): correct it.`, {
      cause,
    });
  };
  parser.write(text).close();
  return elements;
}

function viewBoxOf(attributes: Attributes, name: string): Icon["viewBox"] {
  const box = (attributes["viewBox"] ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [left, top, width, height] = box;
  if (box.length === 4 && box.every(Number.isFinite)) {
    return [left as number, top as number, width as number, height as number];
  }
  const [wide, high] = [attributes["width"], attributes["height"]].map((side) =>
    Number.parseFloat(side ?? ""),
  );
  if (Number.isFinite(wide) && Number.isFinite(high)) return [0, 0, wide as number, high as number];
  throw new DataError(`${name} has no viewBox and no size: give <svg> a viewBox.`);
}

function commandsOf(data: string, transforms: readonly string[], name: string): PathCommand[] {
  // The innermost transform is applied first.
  const path = [...transforms].reverse().reduce((each, one) => each.transform(one), svgpath(data));
  const wrong = (path as unknown as { readonly err: string }).err;
  if (wrong !== "") {
    throw new DataError(
      `${name}: a path is malformed (${wrong.replace(/^SvgPath: /, "")}): correct it.`,
    );
  }
  const commands: PathCommand[] = [];
  path
    .abs()
    .unshort()
    .unarc()
    .iterate(([command, ...numbers], _, x, y) => {
      if (command === "H") commands.push(["L", numbers[0] as number, y]);
      else if (command === "V") commands.push(["L", x, numbers[0] as number]);
      else commands.push([command as string, ...(numbers as number[])]);
    });
  return commands;
}
