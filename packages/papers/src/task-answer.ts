import { QuireError } from "@quire/tensor";
import type { Figure } from "./figure.ts";
import type { System } from "./system.ts";

/** A picture of a user's own as pixels: red, green, blue and opacity. */
export interface GivenPicture {
  readonly kind: "picture";
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8ClampedArray;
}

/** A file of a user's own. */
export interface GivenFile {
  readonly kind: "file";
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a user gives to a trained system. */
export type Given = GivenPicture | GivenFile;

/** What a system answers, for people. */
export interface Wanted {
  readonly kind: Given["kind"];
  /** What to give, and what comes of it, as a sentence. */
  readonly text: string;
  /** Endings and types of files, as a browser's choice of files takes them. */
  readonly accept: string;
  /** What may be typed in place of a text file; nothing unless said. */
  readonly typed?: string;
}

/** How systems of a task answer what a user gives them. */
export interface TaskAnswer {
  readonly wanted: Wanted;
  /** Whether a system is of the task. */
  isOf(system: System): boolean;
  /**
   * What a system of the task says.
   *
   * @throws QuireError when it cannot read what it is given.
   */
  answer(system: System, given: Given): Promise<readonly Figure[]>;
}

/**
 * The first line of a text that says something.
 *
 * @throws QuireError when there is none.
 */
export function firstLine({ name, bytes }: GivenFile): string {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const found = lines.map((line) => line.trim()).find((line) => line !== "");
  if (found === undefined) throw new QuireError(`"${name}" is empty: give it a line of text.`);
  return found;
}

/** Endings of tables. */
export const tableEndings = ".csv,.tsv,.txt,.json,.jsonl,.xlsx,.parquet";

/** How systems of a class answer pictures. */
export function answersPictures<S extends System>(
  systems: abstract new (...given: never[]) => S,
  text: string,
  answer: (system: S, given: GivenPicture) => Promise<readonly Figure[]>,
): TaskAnswer {
  return taskAnswer(systems, { kind: "picture", text, accept: "image/*" }, (system, given) => {
    if (given.kind !== "picture") throw new QuireError(`"${given.name}" is no picture: give one.`);
    return answer(system, given);
  });
}

/** How systems of a class answer files. */
export function answersFiles<S extends System>(
  systems: abstract new (...given: never[]) => S,
  wanted: Omit<Wanted, "kind">,
  answer: (system: S, given: GivenFile) => Promise<readonly Figure[]>,
): TaskAnswer {
  return taskAnswer(systems, { kind: "file", ...wanted }, (system, given) => {
    if (given.kind !== "file") throw new QuireError("this system answers files, not pictures.");
    return answer(system, given);
  });
}

function taskAnswer<S extends System>(
  systems: abstract new (...given: never[]) => S,
  wanted: Wanted,
  answer: (system: S, given: Given) => Promise<readonly Figure[]>,
): TaskAnswer {
  return {
    wanted,
    isOf: (system) => system instanceof systems,
    answer: async (system, given) => await answer(system as S, given),
  };
}
