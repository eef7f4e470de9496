import { shapes } from "@quire/data";
import { expect, test } from "vitest";
import { escaped, htmlTable, page } from "./html.ts";
import { pictureGallery } from "./pictures.ts";
import { confusionPlot, curvePlot } from "./plots.ts";

test("texts are escaped and numbers stand at the right", () => {
  expect(escaped(`<b> & "it's"`)).toBe("&lt;b&gt; &amp; &quot;it&#39;s&quot;");
  expect(htmlTable([{ title: "a<b" }, { title: "n", number: true }], [["&", "1"]])).toBe(
    [
      '<table>\n<thead><tr><th>a&lt;b</th><th class="number">n</th></tr></thead>\n<tbody>',
      '<tr><td>&amp;</td><td class="number">1</td></tr>',
      "</tbody>\n</table>",
    ].join("\n"),
  );
});

test("a page needs nothing from elsewhere", async () => {
  const values = [1, 2, 3].map((epoch) => ({ series: "cat & dog", epoch, value: 1 / epoch }));
  const html = page("Run <1>", [
    { title: "Curves", body: await curvePlot({ title: "loss", values }) },
  ]);
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(html).toContain("<title>Run &lt;1&gt;</title>");
  expect(html).toContain("cat &amp; dog");
  expect(html).not.toMatch(/(?:src|href)="(?!data:|#)/);
});

test("a confusion matrix shows each count once", async () => {
  const drawn = await confusionPlot(
    ["ant", "bee"],
    [
      [17, 23],
      [0, 91],
    ],
  );
  const texts = [...drawn.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const number of ["17", "23", "0", "91"]) {
    expect(texts.filter((text) => text === number)).toEqual([number]);
  }
});

test("a gallery shows wrong predictions first", async () => {
  const dataset = shapes({ count: 40, size: 8, seed: 1 });
  const predictions = Array.from(dataset.labels, (label, place) => {
    const said = place === 5 ? (label + 1) % 4 : label;
    const probabilities = dataset.classes.map((_, k) => (k === said ? 0.7 : 0.1));
    return { label: dataset.classes[said] as string, probabilities };
  });
  const html = await pictureGallery(dataset, predictions);
  const captions = [...html.matchAll(/<figcaption class="(\w+)">([^<]*)</g)];
  expect(captions.length).toBe(16);
  expect(captions[0]?.slice(1)).toEqual(["wrong", "square, but is cross (70.0 %)"]);
  expect(captions.slice(1).every(([, mark]) => mark === "right")).toBe(true);
  expect(html.match(/src="data:image\/png;base64,/g)?.length).toBe(16);
});
