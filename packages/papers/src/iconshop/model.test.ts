import { gridIcon, IconCoding, iconMarks, shapeIcons } from "@quire/data";
import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  type Tensor,
} from "@quire/tensor";
import { adamW, Generator } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { batchOf } from "../tasks/icon-batches.ts";
import type { IconTarget } from "../tasks/icon-target.ts";
import { build, type IconShopOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { PlaceHead } from "./tokens.ts";

const options: IconShopOptions = { width: 16, depth: 2, heads: 2, feedForward: 24, dropout: 0 };
const target: IconTarget = { words: 6, captionLength: 2, grid: 8, scheme: "point", length: 60 };
const words = ["<pad>", "a", "b", "c", "d", "e"];
const coding = new IconCoding(target);
const start = coding.size + target.words;

const rows = shapeIcons({ count: 4, seed: 2 }).map(({ icon }, i) => {
  return [Int32Array.of(1 + i, i % 2), coding.encode(gridIcon(icon, 8))] as const;
});
const batch = batchOf(rows, { ...target, words });

function made(given: Partial<IconShopOptions> = {}, of: IconTarget = target) {
  const model = build({ ...options, ...given }, of);
  initialize(model, 1);
  return model;
}

function lossOf(model: ReturnType<typeof made>) {
  return compile((ids: Tensor, labels: Tensor, tokens: Tensor) => {
    const loss = model.loss({ ids, words: labels, tokens }, { training: false });
    return { loss, slopes: gradients(loss, model.parameters()) };
  });
}

describe("an icon after its caption", () => {
  test("a point's vector is the sum of its own, its column's and its row's; the start's is zero", async () => {
    const model = made();
    const ids = [start, coding.size + 3, 6 + 5 + 8 * 2, iconMarks.line];
    const run = compile((x: Tensor) => model.embedding.forward(x));
    const got = (await run(hostTensor(ids, [1, 4], "int32"))).toArray();
    const row = async (
      table: { readonly weight: { get(): Promise<HostTensor> } } | undefined,
      place: number,
    ): Promise<number[]> =>
      (await table?.weight.get())?.toArray().slice(place * 16, (place + 1) * 16) ?? [];
    const { words: known, tokens, columns, rows: lines } = model.embedding;
    const sum = async (token: number, column: number, line: number): Promise<number[]> => {
      const parts = [await row(tokens, token), await row(columns, column), await row(lines, line)];
      return Array.from({ length: 16 }, (_, i) =>
        parts.reduce((all, own) => all + (own[i] ?? 0), 0),
      );
    };
    const wanted = [
      ...Array.from({ length: 16 }, () => 0),
      ...(await row(known, 3)),
      ...(await sum(27, 6 + 5, 6 + 2)),
      ...(await sum(iconMarks.line, iconMarks.line, iconMarks.line)),
    ];
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 6);
  });

  test("a shared head's row of a point is the sum of its own, its column's and its row's; a command's is its own", async () => {
    const head = new PlaceHead({ width: 3, grid: 8 });
    initialize(head, 1);
    const x = [0.5, -1, 2];
    const run = compile((given: Tensor) => head.forward(given));
    const got = (await run(hostTensor(x, [1, 3]))).toArray();
    const [own, columns, lines, bias] = await Promise.all(
      [head.weight, head.columns, head.rows, head.bias as typeof head.weight].map(async (table) =>
        (await table.get()).toArray(),
      ),
    );
    const product = (table: readonly number[] | undefined, row: number): number =>
      x.reduce((sum, value, i) => sum + value * (table?.[3 * row + i] ?? 0), 0);
    expect(got.length).toBe(6 + 64);
    for (const [token, value] of got.entries()) {
      const place = token - 6;
      const shared =
        place < 0 ? 0 : product(columns, place % 8) + product(lines, Math.floor(place / 8));
      expect(value).toBeCloseTo(product(own, token) + (bias?.[token] ?? 0) + shared, 5);
    }
  });

  test("what comes later changes nothing before it", async () => {
    const model = made();
    const run = compile((x: Tensor) => model.forward(x));
    const [ids] = [batch.ids.toArray().slice(0, 20)];
    const changed = ids.map((id, place) => (place < 12 ? id : 7));
    const [first, second] = [ids, changed].map((given) => hostTensor(given, [1, 20], "int32"));
    const [a, b] = [await run(first as HostTensor), await run(second as HostTensor)];
    const cut = 12 * coding.size;
    expect(a.toArray().slice(0, cut)).toEqual(b.toArray().slice(0, cut));
    expect(a.toArray().slice(cut)).not.toEqual(b.toArray().slice(cut));
  });

  test("the loss counts an icon seven times its caption, and marks of a cut not at all", async () => {
    const [both, plain] = [made(), made({ iconWeight: 1 })];
    const run = (model: ReturnType<typeof made>, tokens: HostTensor) =>
      compile((ids: Tensor, labels: Tensor, of: Tensor) =>
        model.loss({ ids, words: labels, tokens: of }, { training: false }),
      )(batch.ids, batch.words, tokens);
    const [seven, one] = [
      (await run(both, batch.tokens)).item(),
      (await run(plain, batch.tokens)).item(),
    ];
    // (w + 7 i) / 8 and (w + i) / 2 give w and i; both are about the logarithm of how many there are.
    const icon = (8 * seven - 2 * one) / 6;
    expect(icon).toBeCloseTo(Math.log(coding.size), 0);
    expect(2 * one - icon).toBeCloseTo(Math.log(target.words), 0);
    const marked = batchOf([[Int32Array.of(1, 2), [3, 6, 1, 0, 1, 4, 2]]], { ...target, words });
    expect(marked.tokens.toArray().slice(0, 8)).toEqual([3, 6, -1, 0, -1, 4, 2, -1]);
  });

  test.each([false, true])(
    "gradients are slopes of the loss, and every parameter has one; shared head: %s",
    async (sharedHead) => {
      const model = made({ sharedHead });
      const run = lossOf(model);
      const { slopes } = await run(batch.ids, batch.words, batch.tokens);
      for (const [place, variable] of model.parameters().entries()) {
        const slope = (slopes[place] as HostTensor).toArray();
        const steepest = slope.reduce((best, value, i) => {
          return Math.abs(value) > Math.abs(slope[best] as number) ? i : best;
        }, 0);
        expect(Math.abs(slope[steepest] as number)).toBeGreaterThan(0);
        // Queries and keys that have learnt nothing move the loss by less than a float32 of it tells.
        if (place % 5 > 0 || Math.abs(slope[steepest] as number) < 1e-3) continue;
        const value = await variable.get();
        const at = async (step: number): Promise<number> => {
          const moved = (value.data as Float32Array).slice();
          moved[steepest] = (moved[steepest] as number) + step;
          await variable.set(hostTensor(moved, value.shape));
          return (await run(batch.ids, batch.words, batch.tokens)).loss.item();
        };
        const found = ((await at(0.01)) - (await at(-0.01))) / 0.02;
        await variable.set(value);
        const close = Math.abs(found - (slope[steepest] as number)) / Math.abs(found);
        expect(close).toBeLessThan(0.02);
      }
    },
  );

  test.each(["point", "coordinates"] as const)(
    "a few icons are learnt by heart and drawn again after their captions, %s",
    async (scheme) => {
      const own = new IconCoding({ grid: 8, scheme });
      const icons = shapeIcons({ count: 4, seed: 2 }).map(({ icon }, i) => {
        return [Int32Array.of(1 + i, 0), own.encode(gridIcon(icon, 8))] as const;
      });
      const length = Math.max(...icons.map(([, tokens]) => tokens.length)) + 2;
      const of = { ...target, scheme, length };
      const model = made({ width: 32, feedForward: 64 }, of);
      const optimizer = adamW(model.parameters(), { learningRate: 5e-3 });
      const step = compile((ids: Tensor, labels: Tensor, tokens: Tensor) => {
        const loss = model.loss({ ids, words: labels, tokens }, { training: true });
        optimizer.minimize(loss);
        return { loss };
      });
      const learnt = batchOf(icons, { ...of, words });
      for (let i = 0; i < 120; i++) await step(learnt.ids, learnt.words, learnt.tokens);
      const prompts = icons.map(([caption]) => [
        own.size + words.length,
        ...Array.from(caption, (word) => own.size + word),
      ]);
      const drawn = await new Generator(model).generate(prompts, {
        ...{ tokens: length - 1, stop: { tokens: [iconMarks.end] } },
      });
      expect(drawn.map(({ tokens }) => tokens)).toEqual(icons.map(([, tokens]) => tokens));
    },
  );

  test("the exported file gives the same logits, for any number of rows and ids", async () => {
    const model = made();
    const run = compile((x: Tensor) => model.forward(x));
    const exported = await exportOnnx((ids: Tensor) => ({ logits: model.forward(ids) }), {
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      samples: { length: [model.length - 3, model.length - 2, model.length - 1] },
    });
    const session = await InferenceSession.create(exported.model);
    const ids = hostTensor(batch.ids.toArray().slice(0, 33), [3, 11], "int32");
    const given = new OrtTensor("int32", ids.data as Int32Array, ids.shape);
    const got = (await session.run({ ids: given }))["logits"]?.data as Float32Array;
    const wanted = (await run(ids)).toArray();
    expect(got.length).toBe(wanted.length);
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 4);
  });

  test("sizes that cannot be are refused", () => {
    expect(() => build({ ...options, heads: 3 }, target)).toThrow(
      /^the width 16 does not divide into 3 heads; change one of them\.$/,
    );
    expect(() => build(options, { ...target, length: 1 })).toThrow(
      /^icons of 1 tokens draw nothing; give a longer --length\.$/,
    );
  });
});

test("all presets can be built", () => {
  for (const preset of Object.values(paper.presets)) {
    expect(countParameters(build(preset.options, preset.target))).toBeGreaterThan(100_000);
  }
});
