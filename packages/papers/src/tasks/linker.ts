// B texts, T tokens, E width of the vectors, K classes

import type { LinkageRecord } from "@quire/data";
import {
  type Compiled,
  type CompileOptions,
  compile,
  hostTensor,
  QuireError,
  softmax,
  type Tensor,
} from "@quire/tensor";
import type { Vectors } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import type { LinkageModelDescription, TextEncoder } from "./linkage-target.ts";
import type { RecordTokenizer } from "./record-tokenizer.ts";

/** The class of a record. */
export interface RecordClass {
  /** The likeliest class's name. */
  readonly label: string;
  /** The probability of every class, in the order of the description's classes. */
  readonly probabilities: readonly number[];
}

/** How records are encoded. */
export interface EncodingOptions {
  /** Is told of the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Records that are encoded at once. */
const BATCH = 128;
/** Lengths of batches are multiples of this, so that few models are compiled. */
const STEP = 8;

/** A text encoder with its tokenizer and all that is known of it: it makes vectors of records, or names classes. */
export class Linker implements System<LinkageModelDescription> {
  readonly model: TextEncoder;
  readonly tokenizer: RecordTokenizer;
  readonly description: LinkageModelDescription;
  readonly #compiled: Compiled<[Tensor], Tensor>;

  constructor(
    model: TextEncoder,
    tokenizer: RecordTokenizer,
    description: LinkageModelDescription,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.description = description;
    this.#compiled = compile((ids: Tensor) => this.#run(ids), { name: "encode", ...options });
  }

  /** A file of the encoder takes tokens of any number of texts of any length. */
  get exported(): ExportedFunction {
    const { paper, task, classes, target, fields } = this.description;
    const { length } = target;
    const output = classes ? "probabilities" : "vectors";
    return {
      run: (ids) => this.#run(ids as Tensor),
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      outputs: { [output]: ["batch", this.model.outputs] },
      samples: { length: [length, length - 1, length - 2] },
      metadata: {
        ...{ paper, task, padding: String(target.padding), fields: JSON.stringify(fields) },
        ...(classes && { classes: JSON.stringify(classes) }),
        input: "token ids of tokenizer.json, columns joined by its separator, filled up by padding",
      },
    };
  }

  /** Its tokenizer. */
  get files(): Readonly<Record<string, string>> {
    return { "tokenizer.json": this.tokenizer.text };
  }

  /** A batch's tokens, `int32 [B, T]`, filled up to a common length. */
  tokens(records: readonly LinkageRecord[]) {
    const { length } = this.description.target;
    const rows = records.map((record) =>
      this.tokenizer.encode(this.tokenizer.serialize(record), length),
    );
    return this.#filled(rows, rows.length);
  }

  /**
   * The vectors of records, `[N, E]` of length 1; equal records are encoded once.
   *
   * @throws QuireError when it tells classes apart instead.
   */
  async embed(records: readonly LinkageRecord[], options: EncodingOptions = {}): Promise<Vectors> {
    if (this.description.classes) {
      throw new QuireError(
        "this model tells classes apart, it compares no records: use one that was trained on pairs or groups.",
      );
    }
    return await this.#outputs(records, options);
  }

  /**
   * The classes of records.
   *
   * @throws QuireError when it compares records instead.
   */
  async classify(
    records: readonly LinkageRecord[],
    options: EncodingOptions = {},
  ): Promise<RecordClass[]> {
    const { classes } = this.description;
    if (!classes) {
      throw new QuireError(
        "this model compares records, it knows no classes: train one with a column of classes.",
      );
    }
    const { values, width } = await this.#outputs(records, options);
    return records.map((_, i) => {
      const probabilities = [...values.subarray(i * width, (i + 1) * width)];
      const best = probabilities.indexOf(Math.max(...probabilities));
      return { label: classes[best] ?? "", probabilities };
    });
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await this.#compiled.release();
  }

  #run(ids: Tensor): Tensor {
    const outputs = this.model.forward(ids);
    return this.description.classes ? softmax(outputs, { axis: 1 }) : outputs;
  }

  /** Texts of about one length share a batch; the last one is filled up. */
  async #outputs(
    records: readonly LinkageRecord[],
    { onProgress }: EncodingOptions,
  ): Promise<Vectors> {
    const { length } = this.description.target;
    const places = new Map<string, number>();
    const own = records.map((record) => {
      const text = this.tokenizer.serialize(record);
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      return place;
    });
    const texts = Array.from(places.keys(), (text) => this.tokenizer.encode(text, length));
    const order = texts.map((_, i) => i).sort((a, b) => lengthAt(texts, a) - lengthAt(texts, b));
    const width = this.model.outputs;
    const unique = new Float32Array(texts.length * width);
    for (let first = 0; first < order.length; first += BATCH) {
      const batch = order.slice(first, first + BATCH);
      const rows = batch.map((i) => texts[i] as Int32Array);
      const { data } = await this.#compiled(this.#filled(rows, BATCH));
      for (const [row, i] of batch.entries()) {
        unique.set(data.subarray(row * width, (row + 1) * width) as Float32Array, i * width);
      }
      onProgress?.(Math.min(1, (first + BATCH) / order.length));
    }
    const values = new Float32Array(records.length * width);
    for (const [i, place] of own.entries()) {
      values.set(unique.subarray(place * width, (place + 1) * width), i * width);
    }
    return { values, width };
  }

  #filled(rows: readonly Int32Array[], count: number) {
    const { length, padding } = this.description.target;
    const longest = Math.max(1, ...rows.map((row) => row.length));
    const size = Math.min(length, Math.ceil(longest / STEP) * STEP);
    const ids = new Int32Array(count * size).fill(padding);
    for (let row = 0; row < count; row++) ids.set(rows[row] ?? (rows[0] as Int32Array), row * size);
    return hostTensor(ids, [count, size], "int32");
  }
}

function lengthAt(texts: readonly Int32Array[], i: number): number {
  return (texts[i] as Int32Array).length;
}
