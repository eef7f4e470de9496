import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { writeFileAtomic } from "../atomic-file.ts";
import { maskedCrc32c } from "./crc32c.ts";

/** A record of an event file. */
export interface StoredEvent {
  /** The whole record, with its length and checksums. */
  readonly bytes: Uint8Array;
  readonly step: number;
  /** Values by tag; none in a record that tells of the file or of a resume. */
  readonly values: Readonly<Record<string, number>>;
}

/** The name of an event file. */
const eventFile = /^events\.out\.tfevents\./;
/** A record's length and both checksums. */
const FRAME = 16;

/** The records of an event file, up to one that was cut off by a kill or is damaged. */
export function* eventsOf(file: Uint8Array): Generator<StoredEvent> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + FRAME <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedCrc32c(file.subarray(at, at + 8))) return;
    const end = at + FRAME + length;
    if (end > file.length) return;
    const data = file.subarray(at + 12, end - 4);
    if (view.getUint32(end - 4, true) !== maskedCrc32c(data)) return;
    yield { bytes: file.subarray(at, end), ...eventOf(data) };
    at = end;
  }
}

/** An `Event`: its step is field 2, its summary field 5. */
function eventOf(data: Uint8Array): Omit<StoredEvent, "bytes"> {
  const reader = new BinaryReader(data);
  const values: Record<string, number> = {};
  let step = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 2) step = Number(reader.int64());
    else if (field === 5) Object.assign(values, summaryOf(reader.bytes()));
    else reader.skip(type);
  }
  return { step, values };
}

/** A `Summary` is a list of values in field 1, each with its tag in field 1 and its number in field 2. */
function summaryOf(data: Uint8Array): Record<string, number> {
  const reader = new BinaryReader(data);
  const values: Record<string, number> = {};
  while (reader.pos < reader.len) {
    reader.tag();
    const value = new BinaryReader(reader.bytes());
    let [tag, number] = ["", 0];
    while (value.pos < value.len) {
      const [field, type] = value.tag();
      if (field === 1) tag = value.string();
      else if (field === 2 && type === WireType.Bit32) number = value.float();
      else value.skip(type);
    }
    values[tag] = number;
  }
  return values;
}

/** The records of all event files of a folder, as they were written one after another. */
export async function storedEvents(folder: string): Promise<StoredEvent[]> {
  const files = (await filesIn(folder)).map((path) => readFile(path));
  return (await Promise.all(files)).flatMap((file) => [...eventsOf(file)]);
}

/** Takes values back that a resumed run will give again, and what a kill left of a record. */
export async function takeBackEvents(
  folder: string,
  stands: (event: StoredEvent) => boolean,
): Promise<void> {
  for (const path of await filesIn(folder)) {
    const file = await readFile(path);
    const kept = [...eventsOf(file)].filter(
      (event) => Object.keys(event.values).length === 0 || stands(event),
    );
    const size = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (size === file.length) continue;
    await writeFileAtomic(
      path,
      kept.map(({ bytes }) => bytes),
    );
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => eventFile.test(name));
  return names.sort().map((name) => join(folder, name));
}
