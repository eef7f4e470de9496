/** The attributes of an element of SVG. */
export type Attributes = Readonly<Record<string, string>>;

/** The path that an element of SVG draws, as path data; undefined where it draws none. */
export function pathData(name: string, attributes: Attributes): string | undefined {
  const number = (key: string, otherwise = 0): number =>
    attributes[key] === undefined ? otherwise : Number.parseFloat(attributes[key]);
  switch (name) {
    case "path":
      return attributes["d"];
    case "line":
      return `M${number("x1")} ${number("y1")}L${number("x2")} ${number("y2")}`;
    case "polyline":
      return attributes["points"] && `M${attributes["points"]}`;
    case "polygon":
      return attributes["points"] && `M${attributes["points"]}Z`;
    case "circle":
      return ellipse(number("cx"), number("cy"), number("r"), number("r"));
    case "ellipse":
      return ellipse(number("cx"), number("cy"), number("rx"), number("ry"));
    case "rect": {
      const rx = number("rx", number("ry"));
      return rectangle(
        [number("x"), number("y")],
        [number("width"), number("height")],
        [rx, number("ry", rx)],
      );
    }
    default:
      return undefined;
  }
}

function ellipse(x: number, y: number, rx: number, ry: number): string {
  const arc = `a${rx} ${ry} 0 1 1`;
  return `M${x + rx} ${y}${arc} ${-2 * rx} 0${arc} ${2 * rx} 0Z`;
}

type Two = readonly [number, number];

function rectangle([x, y]: Two, [width, height]: Two, radii: Two): string {
  const rx = Math.min(radii[0], width / 2);
  const ry = Math.min(radii[1], height / 2);
  if (rx === 0 || ry === 0) return `M${x} ${y}h${width}v${height}h${-width}Z`;
  const arc = `a${rx} ${ry} 0 0 1`;
  return (
    `M${x + rx} ${y}h${width - 2 * rx}${arc} ${rx} ${ry}v${height - 2 * ry}${arc} ${-rx} ${ry}` +
    `h${2 * rx - width}${arc} ${-rx} ${-ry}v${2 * ry - height}${arc} ${rx} ${-ry}Z`
  );
}
