import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { decodeWhole } from "../tables/decode-text.ts";
import { isRecord, parseJson } from "../tables/json-lines.ts";

/** A part of a context that answers a question. */
export interface Answer {
  readonly text: string;
  /** Where it begins in the context, in UTF-16 units as a string counts them. */
  readonly start: number;
}

/** A question about a context; one without answers cannot be answered from it. */
export interface Question {
  readonly id: string;
  readonly question: string;
  /** The context's place among the data set's contexts. */
  readonly context: number;
  readonly answers: readonly Answer[];
}

/**
 * Questions about texts. Format: SQuAD's JSON, version 1.1 or 2.0: `data` holds articles, those hold `paragraphs`
 * with a `context` and its questions `qas`, and those hold `answers` with their text and where they start.
 */
export interface QuestionAnsweringData {
  readonly contexts: readonly string[];
  readonly questions: readonly Question[];
  /** How many questions there are. */
  readonly size: number;
  describe(): string;
}

/**
 * Reads SQuAD's JSON.
 *
 * @param name what errors call the file.
 * @throws DataError naming the place of what is missing, or of an answer that its context does not hold there.
 */
export function parseSquad(bytes: Uint8Array, name: string): QuestionAnsweringData {
  const text = decodeWhole(bytes, name);
  if (text.trim() === "")
    throw new DataError(`${name} is empty: give it questions in SQuAD's JSON.`);
  const root = parseJson(text, name);
  const reader = new SquadReader(name);
  for (const [article, at] of reader.list(root, "data", "")) {
    for (const [paragraph, place] of reader.list(article, "paragraphs", at)) {
      reader.paragraph(paragraph, place);
    }
  }
  const { contexts, questions } = reader;
  if (questions.length === 0) throw new DataError(`${name} holds no questions: add some.`);
  const open = questions.filter(({ answers }) => answers.length === 0).length;
  const describe = (): string =>
    `${counted(questions.length, "question")} about ${counted(contexts.length, "text")}, ${open} of them without an answer`;
  return { contexts, questions, size: questions.length, describe };
}

class SquadReader {
  readonly contexts: string[] = [];
  readonly questions: Question[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** The entries of a list with the place of each. */
  list(holder: unknown, key: string, at: string): (readonly [unknown, string])[] {
    const found = isRecord(holder) ? holder[key] : undefined;
    const place = at === "" ? key : `${at}.${key}`;
    if (Array.isArray(found)) return found.map((entry, i) => [entry, `${place}[${i}]`] as const);
    throw new DataError(
      `${this.#name}: ${place} is not a list: write the questions in SQuAD's JSON.`,
    );
  }

  paragraph(paragraph: unknown, at: string): void {
    const context = this.#text(paragraph, "context", at);
    const place = this.contexts.push(context) - 1;
    for (const [qa, where] of this.list(paragraph, "qas", at)) {
      const question = this.#text(qa, "question", where);
      const id = this.#text(qa, "id", where);
      this.questions.push({
        id,
        question,
        context: place,
        answers: this.#answers(qa, where, context),
      });
    }
  }

  #answers(qa: unknown, at: string, context: string): Answer[] {
    if (isRecord(qa) && qa["is_impossible"] === true) return [];
    return this.list(qa, "answers", at).map(([answer, where]) => {
      const text = this.#text(answer, "text", where);
      const given = isRecord(answer) ? answer["answer_start"] : undefined;
      const start = typeof given === "number" ? unitsOf(context, text, given) : undefined;
      if (start !== undefined) return { text, start };
      throw new DataError(
        `${this.#name}: ${where}: the context does not hold "${text}" at answer_start ${String(given)}: correct one ` +
          "of them.",
      );
    });
  }

  #text(holder: unknown, key: string, at: string): string {
    const found = isRecord(holder) ? holder[key] : undefined;
    if (typeof found === "string") return found;
    throw new DataError(
      `${this.#name}: ${at}.${key} is not a text: write the questions in SQuAD's JSON.`,
    );
  }
}

/** The start in UTF-16 units; files count code points, which differ after characters such as emoji. */
function unitsOf(context: string, text: string, start: number): number | undefined {
  if (context.startsWith(text, start)) return start;
  const units = [...context].slice(0, start).join("").length;
  return context.startsWith(text, units) ? units : undefined;
}
