import { expect, test } from "vitest";
import { answer } from "../answer.ts";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("it is seen to learn; drawings and fillings are shown, and captions and SVG are answered", async () => {
  const { frames, system } = await shown(demonstration, {}, 3);
  const losses = frames.map(({ values }) => values["loss on new icons"] as number);
  expect(losses[2]).toBeLessThan(0.85 * (losses[0] as number));
  const figures = frames[1]?.figures ?? [];
  expect(figures.map(({ kind }) => kind)).toEqual(["svg", "svg"]);
  const [drawings] = figures;
  expect(drawings?.caption).toMatch(/^\d+ of 20 are whole: /);
  expect(drawings?.kind === "svg" && drawings.svg.match(/large disc right/g)?.length).toBe(4);
  const file = (name: string, text: string) => ({
    ...{ kind: "file" as const, name, bytes: new TextEncoder().encode(text) },
  });
  if (!system) throw new Error("The demonstration gives its system.");
  const [drawn] = await answer(system, file("mine.txt", "small star left"));
  expect(drawn?.title).toBe("What it draws after “small star left”");
  const svg = '<svg viewBox="0 0 15 15"><path d="M2 2h9v9z"/></svg>';
  const [ways] = await answer(system, file("mine.svg", svg));
  expect(ways?.kind === "svg" && ways.svg.match(/M2 2L11 2L11 11L2 2/g)?.length).toBe(8);
  await expect(answer(system, file("mine.txt", "small elephant"))).rejects.toThrow(
    /^"elephant" is no word of the captions that the model learnt: it knows /,
  );
});

test("corners may be two tokens without vectors of places; it ends when it is told to", async () => {
  const { frames } = await shown(demonstration, { points: "coordinates", places: false }, 1);
  expect(frames.length).toBe(1);
});
