import type { GraphTransform } from "@quire/tensor";
import type { Figure } from "./figure.ts";
import type { GivenFile, Wanted } from "./task-answer.ts";

/**
 * What `method.ts` of a paper whose task is `method` exports as `method`: how a model that the paper changed is opened
 * again. A method that changes values alone, as pruning does, leaves `transform` out.
 */
export interface Method<Options = object> {
  /** The change of what the model's functions compute, which is made whenever one of them is compiled or written. */
  readonly transform?: (options: Options) => GraphTransform;
  /** What it makes of an ONNX file alone, as a page does; a sentence that says why it cannot, and what can. */
  readonly onFile: OnFile | string;
}

/** What a method makes of a user's file without anything else. */
export interface OnFile {
  readonly wanted: Wanted;
  /**
   * Changes the model that a file holds, and says what came of it.
   *
   * @throws QuireError when it cannot read the file or change the model.
   */
  answer(file: GivenFile): Promise<FileAnswer>;
}

/** What came of a file, to look at and to keep. */
export interface FileAnswer {
  readonly figures: readonly Figure[];
  /** Files by their names. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** A change that a method made to a trained model, as a run's `config.json` records it. */
export interface Derivation {
  /** The method's paper. */
  readonly method: string;
  /** What was changed: a run's folder. */
  readonly from: string;
  readonly options: object;
}
