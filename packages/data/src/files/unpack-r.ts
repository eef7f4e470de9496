import { malformed } from "../r/r-value.ts";

/** Unpacks a file of R, which is packed as a whole by gzip, bzip2 or xz, or not at all. */
export async function unpackR(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const [first, second] = bytes;
  try {
    if (first === 0x1f && second === 0x8b) {
      const { gunzipSync } = await import("node:zlib");
      return gunzipSync(bytes);
    }
    if (first === 0xfd && second === 0x37) {
      const { xz } = await import("@napi-rs/lzma");
      return xz.decompressSync(bytes);
    }
    if (first === 0x42 && second === 0x5a) return await unpackBzip2(bytes);
  } catch (cause) {
    throw malformed(name, `it cannot be unpacked (${(cause as Error).message})`);
  }
  return bytes;
}

/**
 * Unpacks one object of a package's file: its size, the letter of how it is packed where that is not zlib, and the
 * packed bytes. R names xz's bare stream Z.
 */
export async function unpackPart(part: Uint8Array, name: string): Promise<Uint8Array> {
  const kind = String.fromCharCode(part[4] ?? 0);
  try {
    if (kind === "Z") {
      const { lzma2 } = await import("@napi-rs/lzma");
      return lzma2.decompressSync(part.subarray(5));
    }
    if (kind === "2") return await unpackBzip2(part.subarray(5));
    const { inflateSync } = await import("node:zlib");
    return inflateSync(part.subarray(kind === "0" || kind === "1" ? 5 : 4));
  } catch (cause) {
    throw malformed(name, `it cannot be unpacked (${(cause as Error).message})`);
  }
}

async function unpackBzip2(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: bzip2 } = await import("seek-bzip");
  return bzip2.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
