/** The twelve classes of words that all languages share (Petrov et al. 2012, "A Universal Part-of-Speech Tagset"). */
export type WordClass =
  | "noun"
  | "verb"
  | "adjective"
  | "adverb"
  | "pronoun"
  | "determiner"
  | "adposition"
  | "number"
  | "conjunction"
  | "particle"
  | "punctuation"
  | "other";

/** Beginnings of the Brown corpus's tags by the class that they are of, longer ones before shorter. */
const beginnings: readonly (readonly [WordClass, RegExp])[] = [
  ["other", /^(fw-|nil|uh)/],
  ["noun", /^(nn|np|nr)/],
  ["verb", /^(vb|be|hv|do|md)/],
  ["adjective", /^(jj|ap|od)/],
  ["particle", /^(rp|to|\*)/],
  ["adverb", /^(rb|rn|ql|wrb|wql)/],
  ["determiner", /^(at|dt|ab|wdt)/],
  ["pronoun", /^(pp|pn|wp|ex)/],
  ["adposition", /^(in|cs)/],
  ["number", /^cd/],
  ["conjunction", /^cc/],
];

/** The class of a word by its tag of the Brown corpus; of joined words the first one's. */
export function wordClass(tag: string): WordClass {
  const found = beginnings.find(([, pattern]) => pattern.test(tag.toLowerCase()));
  return found?.[0] ?? "punctuation";
}
