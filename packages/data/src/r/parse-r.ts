import { expandAlternative } from "./alternative.ts";
import { malformed, type RPairs, type RValue, type RVector } from "./r-value.ts";

/** Types of R's items by their numbers (R Internals, section 1.1 and 1.8). */
const TYPE = {
  symbol: 1,
  pairs: 2,
  environment: 4,
  language: 6,
  text: 9,
  logical: 10,
  integer: 13,
  double: 14,
  character: 16,
  list: 19,
  expression: 20,
  raw: 24,
  alternative: 238,
  emptyEnvironment: 242,
  baseEnvironment: 241,
  persistent: 247,
  package: 250,
  namespace: 249,
  globalEnvironment: 253,
  nil: 254,
  reference: 255,
} as const;

const HAS_ATTRIBUTES = 512;
const HAS_TAG = 1024;
const LATIN1 = 1 << 2;

/**
 * Reads what R's `serialize` writes, also as `save` and `saveRDS` put it into files, unpacked: versions 2 and 3 in
 * binary form. Functions and the values of compiled code hold no data and are refused.
 *
 * @param name what errors call the file.
 * @throws DataError when the bytes are no such file or end early.
 */
export function parseR(bytes: Uint8Array, name: string): RValue {
  return new RReader(bytes, name).value();
}

/** Reads one item after the other. */
class RReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #name: string;
  /** Symbols and environments, which later items refer to by their order. */
  readonly #references: RValue[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    this.#name = name;
  }

  /** The whole file's value. */
  value(): RValue {
    const start = new TextDecoder("latin1").decode(this.#bytes.subarray(0, 5));
    if (/^RD[XAB]\d\n/.test(start)) this.#at = 5;
    const format = new TextDecoder("latin1").decode(this.#bytes.subarray(this.#at, this.#at + 2));
    if (format !== "X\n") throw malformed(this.#name, "it is no file of R in binary form");
    this.#at += 2;
    const version = this.#integer();
    this.#at += 8; // The versions of R that wrote it, and that can read it.
    if (version === 3) this.#skip(this.#integer());
    return this.#item();
  }

  #skip(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (count < 0 || this.#at > this.#bytes.length)
      throw malformed(this.#name, "it ends too early");
    return at;
  }

  #integer(): number {
    return this.#view.getInt32(this.#skip(4));
  }

  #length(): number {
    const short = this.#integer();
    return short === -1 ? this.#integer() * 2 ** 32 + (this.#integer() >>> 0) : short;
  }

  #item(): RValue {
    const flags = this.#integer();
    const type = flags & 255;
    switch (type) {
      case TYPE.nil:
      case TYPE.globalEnvironment:
      case TYPE.baseEnvironment:
      case TYPE.emptyEnvironment:
        return undefined;
      case TYPE.reference:
        return this.#references[(flags >> 8 || this.#integer()) - 1];
      case TYPE.symbol:
        return this.#symbol();
      case TYPE.package:
      case TYPE.namespace:
      case TYPE.persistent:
        return this.#place();
      case TYPE.environment:
        return this.#environment();
      case TYPE.pairs:
      case TYPE.language:
        return this.#pairs(flags);
      case TYPE.alternative:
        return this.#alternative();
      default:
        return this.#vector(type, flags);
    }
  }

  #symbol(): RValue {
    const symbol = { kind: "symbol", name: this.#text() ?? "" } as const;
    this.#references.push(symbol);
    return symbol;
  }

  /** A place that is known by its name alone, such as a package. */
  #place(): undefined {
    this.#integer();
    for (let i = this.#integer(); i > 0; i--) this.#text();
    this.#references.push(undefined);
  }

  #environment(): undefined {
    this.#references.push(undefined);
    this.#integer();
    for (let part = 0; part < 4; part++) this.#item();
  }

  #text(): string | undefined {
    const flags = this.#integer();
    if ((flags & 255) !== TYPE.text) throw malformed(this.#name, "a text is missing in it");
    const length = this.#integer();
    if (length === -1) return undefined;
    const at = this.#skip(length);
    const decoder = new TextDecoder((flags >> 12) & LATIN1 ? "latin1" : "utf-8");
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  /** A list of pairs is written pair by pair, each with the flags of its own. */
  #pairs(first: number): RPairs {
    const entries: [string, RValue][] = [];
    let flags = first;
    while ((flags & 255) === TYPE.pairs || (flags & 255) === TYPE.language) {
      if (flags & HAS_ATTRIBUTES) this.#item();
      const tag = flags & HAS_TAG ? this.#item() : undefined;
      entries.push([tag?.kind === "symbol" ? tag.name : "", this.#item()]);
      flags = this.#integer();
    }
    if ((flags & 255) !== TYPE.nil) throw malformed(this.#name, "a list in it has no end");
    return { kind: "pairs", entries };
  }

  #vector(type: number, flags: number): RValue {
    const content = this.#content(type);
    const attributes = new Map<string, RValue>();
    if (flags & HAS_ATTRIBUTES) {
      const found = this.#item();
      if (found?.kind === "pairs")
        for (const [key, value] of found.entries) attributes.set(key, value);
    }
    return content && ({ ...content, attributes } as RVector);
  }

  #content(type: number): Omit<RVector, "attributes"> | undefined {
    const length = this.#length();
    switch (type) {
      case TYPE.logical:
      case TYPE.integer: {
        const at = this.#skip(4 * length);
        const values = Int32Array.from({ length }, (_, i) => this.#view.getInt32(at + 4 * i));
        return { kind: type === TYPE.integer ? "integer" : "logical", values };
      }
      case TYPE.double: {
        const at = this.#skip(8 * length);
        const values = Float64Array.from({ length }, (_, i) => this.#view.getFloat64(at + 8 * i));
        return { kind: "double", values };
      }
      case TYPE.character:
        return { kind: "character", values: Array.from({ length }, () => this.#text()) };
      case TYPE.list:
      case TYPE.expression:
        return { kind: "list", values: Array.from({ length }, () => this.#item()) };
      case TYPE.raw:
        this.#skip(length);
        return undefined;
      default:
        throw malformed(this.#name, `it holds an item of R's type ${type}, which is no data`);
    }
  }

  /** A vector in a form of its own, such as the two ends of a sequence. */
  #alternative(): RValue {
    const info = this.#item();
    const state = this.#item();
    const attributes = this.#item();
    const kind = info?.kind === "pairs" ? info.entries[0]?.[1] : undefined;
    const expanded = expandAlternative(kind?.kind === "symbol" ? kind.name : "", state);
    if (!expanded) throw malformed(this.#name, "it holds a vector in a form that is not known");
    if (attributes?.kind !== "pairs") return expanded;
    return { ...expanded, attributes: new Map(attributes.entries) };
  }
}
