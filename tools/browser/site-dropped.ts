import type { Page } from "playwright-core";
import sharp from "sharp";

/** What is dropped on papers' pages, and what their answers are to hold. */
export const dropped: Readonly<Record<string, { readonly file: string; readonly answer: RegExp }>> =
  {
    cct: { file: "picture.png", answer: /What it takes it for[\s\S]*\d %/ },
    "xlstm-unet": { file: "picture.png", answer: /What it says of each place[\s\S]*\d %/ },
    obert: { file: "picture.png", answer: /What it takes it for[\s\S]*\d %/ },
    "pre-rmsnorm": { file: "picture.png", answer: /What it takes it for[\s\S]*\d %/ },
    excelformer: { file: "points.csv", answer: /row\s+2\s+(true|false)/ },
    "pixart-alpha": {
      file: "caption.txt",
      answer: /What it draws of “a large red circle on black”/,
    },
    iconshop: { file: "icon.txt", answer: /What it draws after “small star left”/ },
    gtrxl: { file: "seen.csv", answer: /step\s+3\s+(forward|back|left|right)\s+\d/ },
    tsmixer: { file: "two-series.csv", answer: /How load goes on[\s\S]*How wind goes on/ },
    informer: { file: "hours.csv", answer: /How it goes on/ },
    "lightning-attention": { file: "text.txt", answer: /the old king sees▸[\s\S]{20}/ },
    "megatron-lm": { file: "letters.txt", answer: /abcdef▸[a-z1-5]{4}/ },
    "transformer-programs": {
      file: "sequences.txt",
      answer: /What it says of each token\s+0 {2}1 {2}0\n\S+ {2}\S+ {2}\S+\s/,
    },
    linktransformer: { file: "names.txt", answer: /Which of them belong together/ },
  };

/** What is dropped on the pages. */
export async function contentOf(file: string): Promise<Buffer> {
  switch (file) {
    case "picture.png":
      return await sharp({ create: { width: 96, height: 80, channels: 3, background: "#30343a" } })
        .composite([
          {
            input: Buffer.from(
              '<svg width="96" height="80"><circle cx="48" cy="40" r="26" fill="#fff"/></svg>',
            ),
          },
        ])
        .png()
        .toBuffer();
    case "points.csv": {
      const noise = Array.from({ length: 10 }, (_, i) => `noise ${i + 1}`);
      const row = (a: number, b: number): string => [a, b, ...noise.map(() => 0.1)].join(",");
      return Buffer.from(
        `${["across", "up", ...noise].join(",")}\n${row(1, 0.1)}\n${row(2.5, 2)}\n`,
      );
    }
    case "hours.csv":
      return hours(["load"]);
    case "two-series.csv":
      return hours(["load", "wind"]);
    case "caption.txt":
      return Buffer.from("a large red circle on black\n");
    case "icon.txt":
      return Buffer.from("small star left\n");
    case "seen.csv":
      return Buffer.from("left,right,corridor,junction\n1,0,1,0\n0,0,1,0\n0,0,0,1\n");
    case "letters.txt":
      return Buffer.from("abcdef");
    case "sequences.txt":
      return Buffer.from("0 1 0\n2,2\n");
    case "text.txt":
      return Buffer.from("the old king sees");
    default:
      return Buffer.from("Delta Pump\nDelta Pump Ltd.\nIris Wire\nIris Wire & Co.\n");
  }
}

/** Four days of hours with a column for each name. */
function hours(names: readonly string[]): Buffer {
  const rows = Array.from({ length: 96 }, (_, i) => {
    const time = new Date(Date.UTC(2025, 4, 1) + i * 3_600_000).toISOString();
    const values = names.map((_name, k) => 100 + 9 * Math.sin((2 * Math.PI * (i + 5 * k)) / 24));
    return [time, ...values.map((value) => value.toFixed(2))].join(",");
  });
  return Buffer.from(`time,${names.join(",")}\n${rows.join("\n")}\n`);
}

/** Drops a file as a hand does, on the place for what a system or a method answers. */
export async function drop(
  page: Page,
  by: "system" | "method",
  { name, content }: { readonly name: string; readonly content: Buffer },
): Promise<void> {
  const bytes = content.toString("base64");
  const transfer = await page.evaluateHandle(
    `(() => { const transfer = new DataTransfer(); const bytes = Uint8Array.from(atob("${bytes}"), (c) => c.charCodeAt(0)); ` +
      `transfer.items.add(new File([bytes], "${name}", { type: "${name.endsWith("png") ? "image/png" : "text/plain"}" })); return transfer; })()`,
  );
  await page
    .locator(`.own[data-by="${by}"] .drop`)
    .dispatchEvent("drop", { dataTransfer: transfer });
}
