import type { TextCorpus } from "@quire/data";
import { Random } from "@quire/tensor";
import type { LinkageExamples } from "../tasks/linkage-examples.ts";

/** The kinds of text that the corpus's genres, by the letter of a text's name, are put together to. */
const kinds: Readonly<Record<string, string>> = {
  ...{ a: "press", b: "press", c: "press", h: "official and learned", j: "official and learned" },
  ...{ d: "essays", e: "essays", f: "essays", g: "essays" },
  ...{ k: "fiction", l: "fiction", m: "fiction", n: "fiction", p: "fiction", r: "fiction" },
};

/** How many passages there are to be. */
export interface PassageCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Passages of the Brown corpus whose kind is to be told. */
export type Passages = Readonly<Record<keyof PassageCounts, LinkageExamples>>;

/** Words of a passage. */
const WORDS = 30;

/**
 * Cuts texts to passages of some thirty words, whole lines, each labelled by its text's kind. Texts are split, not
 * passages: no text is both learnt from and measured on.
 */
export function passages({ documents }: TextCorpus, counts: PassageCounts): Passages {
  const random = new Random(7);
  const order = Array.from(random.permutation(documents.length));
  const classes = [...new Set(Object.values(kinds))].sort();
  const shares = { train: [0, 0.7], validation: [0.7, 0.8], test: [0.8, 1] } as const;
  const cut = (part: keyof PassageCounts): LinkageExamples => {
    const [from, to] = shares[part].map((share) => Math.round(share * documents.length)) as [
      number,
      number,
    ];
    const own = order.slice(from, to).flatMap((place) => {
      const { name, text } = documents[place] as TextCorpus["documents"][number];
      const kind = classes.indexOf(kinds[name[1] as string] as string);
      return passagesOf(text).map((passage) => ({ kind, passage }));
    });
    const chosen = Array.from(random.permutation(own.length))
      .slice(0, counts[part])
      .map((place) => own[place] as (typeof own)[number]);
    return {
      ...{ fields: ["text"], rivals: [], classes },
      records: chosen.map(({ passage }) => [passage]),
      groups: Int32Array.from(chosen, ({ kind }) => kind),
    };
  };
  return { train: cut("train"), validation: cut("validation"), test: cut("test") };
}

function passagesOf(text: string): string[] {
  const found: string[] = [];
  let [lines, words]: [string[], number] = [[], 0];
  for (const line of text.split("\n")) {
    lines.push(line);
    words += line.split(" ").length;
    if (words < WORDS) continue;
    found.push(lines.join(" "));
    [lines, words] = [[], 0];
  }
  return found;
}
