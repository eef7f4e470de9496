import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "./crc32c.ts";

/** Seconds after which values are written that nobody has asked to be written, so that curves can be watched. */
const WAIT = 2;

/**
 * An event file of TensorBoard: scalars by tag and step. Each record stands behind its length, both with a checksum,
 * and is an `Event` message of TensorFlow's event.proto. Values reach the file within seconds.
 */
export class EventFile {
  readonly path: string;
  readonly #now: () => number;
  #pending: Uint8Array[] = [];
  /** What was written so far; once that has failed, so does every `flush`. */
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param folder Where the file is made; a resumed run makes one more.
   * @param now Seconds since 1970.
   */
  constructor(folder: string, now: () => number = () => Date.now() / 1000) {
    const started = now();
    this.path = join(folder, `events.out.tfevents.${started.toFixed(3)}.quire`);
    this.#now = now;
    this.#add((event) => event.tag(3, WireType.LengthDelimited).string("brain.Event:2"));
  }

  /**
   * Says that a run goes on after a step. Readers that have older files open drop what they hold from the step on that a
   * start names, so it names the next one.
   */
  resumed(step: number): void {
    const START = 1;
    this.#add((event) => {
      event.tag(2, WireType.Varint).int64(BigInt(step + 1));
      event.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(START).join();
    });
  }

  /** Adds values of a step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.#add((event) => {
      event.tag(2, WireType.Varint).int64(BigInt(step));
      event.tag(5, WireType.LengthDelimited).fork();
      for (const [tag, value] of Object.entries(values)) {
        event.tag(1, WireType.LengthDelimited).fork();
        event.tag(1, WireType.LengthDelimited).string(tag);
        event.tag(2, WireType.Bit32).float(Math.fround(value)).join();
      }
      event.join();
    });
    // An error of this flush is told by the next one.
    const write = (): void => void this.flush().catch(() => undefined);
    this.#timer ??= setTimeout(write, 1000 * WAIT).unref();
  }

  /** Writes what was added since the last time. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#append());
    return this.#written;
  }

  async #append(): Promise<void> {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    await appendFile(this.path, bytes);
  }

  #add(write: (event: BinaryWriter) => void): void {
    const event = new BinaryWriter();
    event.tag(1, WireType.Bit64).double(this.#now());
    write(event);
    this.#pending.push(recordOf(event.finish()));
  }
}

/** Length, its checksum, the data, their checksum. */
function recordOf(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}
