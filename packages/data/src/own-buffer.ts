/** The bytes as a buffer that holds nothing else: the one below them where they fill it, else a copy. */
export function ownBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const fills = byteOffset === 0 && byteLength === buffer.byteLength;
  if (fills && buffer instanceof ArrayBuffer) return buffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
