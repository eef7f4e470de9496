import { expect, test } from "vitest";
import { parseSvg } from "../tasks/icon.ts";
import { gridIcon } from "./grid-icon.ts";
import { iconSheet, iconSvg, pathText } from "./icon-svg.ts";

/** Path data of an SVG's paths on a grid. */
function onGrid(paths: string, grid = 25, attributes = ""): string[] {
  const text = `<svg viewBox="0 0 24 24" ${attributes}>${paths}</svg>`;
  return gridIcon(parseSvg(text, "a.svg"), grid).paths.map(pathText);
}

test("every command becomes a line or a cubic curve, and filled loops are closed", () => {
  expect(onGrid('<path d="M2 2h4v4Zl5 1v3zM10 10q3 0 3 3"/>')).toEqual([
    "M2 2L6 2L6 6L2 2M7 3L7 6L2 2L7 3M10 10C12 10 13 11 13 13L10 10",
  ]);
});

test("places are scaled to the grid, whatever the drawing's box is, and stay on it", () => {
  const svg = '<svg viewBox="10 20 50 100"><path d="M10 20H60V120H10z"/></svg>';
  expect(gridIcon(parseSvg(svg, "a"), 11).paths.map(pathText)).toEqual(["M3 0L8 0L8 10L3 10L3 0"]);
  expect(onGrid('<path d="M-9 0H40V9z"/>')).toEqual(["M0 0L24 0L24 9L0 0"]);
});

test("a curve whose control points stand beside the grid is cut into curves whose do not", () => {
  // Half of the curve is the curve of (0 8), (0 18), (6 23) and (12 23).
  expect(onGrid('<path d="M0 8C0 28 24 28 24 8"/>')).toEqual([
    "M0 8C0 18 6 23 12 23C18 23 24 18 24 8L0 8",
  ]);
});

test("straight lines are joined; what shrinks to a point or encloses nothing is left out", () => {
  expect(onGrid('<path d="M0 0H4H8V8.1V8.2z"/>')).toEqual(["M0 0L8 0L8 8L0 0"]);
  expect(onGrid('<path d="M0 0C2 0 4 0 8 0L8 8z"/>')).toEqual(["M0 0L8 0L8 8L0 0"]);
  expect(onGrid('<path d="M0 0h.2v.2zM1 1h5z"/>')).toEqual([]);
  // A line that turns back is no line that goes on.
  expect(onGrid('<path d="M0 0H8H4V4z"/>')).toEqual(["M0 0L8 0L4 0L4 4L0 0"]);
});

test("a loop that begins where the one before ended begins at its next corner", () => {
  expect(onGrid('<path d="M2 2h4v4zM2 2v6h2z"/>')).toEqual(["M2 2L6 2L6 6L2 2M2 8L4 8L2 2L2 8"]);
});

test("lines stay open, and keep their width; what is neither filled nor drawn is left out", () => {
  const stroked = 'fill="none" stroke="black" stroke-width="2"';
  expect(
    onGrid('<path d="M2 2h4v4"/><path stroke="none" fill="none" d="M0 0h24z"/>', 25, stroked),
  ).toEqual(["M2 2L6 2L6 6"]);
  const text = `<svg viewBox="0 0 24 24" ${stroked}><path d="M2 2h4"/></svg>`;
  const icon = gridIcon(parseSvg(text, "a"), 49);
  expect(icon.stroke).toBe(4);
  expect(iconSvg(icon)).toBe(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path d="M4 4L12 4" fill="none" ' +
      'stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>\n',
  );
});

test("a sheet shows icons side by side, with captions that cannot end its text", () => {
  const icon = gridIcon(parseSvg('<svg viewBox="0 0 4 4"><path d="M0 0h4v4z"/></svg>', "a"), 5);
  const sheet = iconSheet([{ icon, caption: "a <b> & c" }, { icon }], { side: 10, columns: 2 });
  expect(sheet).toContain('width="24" height="15"');
  expect(sheet).toContain("a &lt;b&gt; &amp; c");
  expect(sheet).toContain(
    '<g transform="translate(13 1) scale(2.5)"><path d="M0 0L4 0L4 4L0 0"/></g>',
  );
});
