import { countParameters } from "@quire/nn";
import { expect, test } from "vitest";
import { gatherCatalogue } from "../build/catalogue.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { forwardPass } from "./forward.ts";

function outline({ name, kind, repeat, parts }: Block, depth = 0): string[] {
  const own = `${"  ".repeat(depth)}${name || "whole"}: ${kind}${repeat > 1 ? ` × ${repeat}` : ""}`;
  return [own, ...parts.flatMap((part) => outline(part, depth + 1))];
}

test("a system is drawn in the order in which a tensor meets its parts, alike blocks once", async () => {
  const { running } = await gatherCatalogue(undefined);
  const cct = running.get("cct");
  const preset = cct?.paper.presets["cct-7-3x1-32"] ?? Object.values(cct?.paper.presets ?? {})[0];
  if (!cct || !preset) throw new Error("CCT has presets.");
  const model = cct.build(preset.options, preset.target);
  const whole = blocksOf(model, forwardPass("image-classification", model, preset.target));
  expect(whole.parameters).toBe(countParameters(model));
  const lines = outline(whole);
  const places = ["tokenizer", "positions", "blocks", "norm", "pooling", "head"].map((name) =>
    lines.findIndex((line) => line.startsWith(`  ${name}: `)),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(whole.output).toBe(`[1, ${(preset.target as { classes: number }).classes}]`);
});

test("every running paper has a drawing, and its parts hold all of its parameters or fewer", async () => {
  const { running } = await gatherCatalogue(undefined);
  for (const { paper, build } of running.values()) {
    const preset = Object.values(paper.presets)[0];
    if (!preset || paper.task === "method") continue;
    const model = build(preset.options, preset.target);
    const whole = blocksOf(model, forwardPass(paper.task, model, preset.target));
    const inParts = whole.parts.reduce((sum, part) => sum + part.parameters * part.repeat, 0);
    expect(whole.parts.length, paper.id).toBeGreaterThan(0);
    expect(inParts, paper.id).toBeLessThanOrEqual(whole.parameters);
    expect(inParts, paper.id).toBeGreaterThan(0.5 * whole.parameters);
  }
});
