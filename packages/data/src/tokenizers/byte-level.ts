/** A tokenizer's byte-level parts: they turn every byte of UTF-8 into one character that can be seen. */
export const byteLevel = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
} as const;

/**
 * The character that stands for each byte, as GPT-2 chose them: a byte that is a visible character of Latin-1 is
 * itself, and the others are the characters from U+0100 on, in order.
 */
export const byteCharacters: readonly string[] = makeCharacters();

function makeCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isVisible(byte) ? byte : next++),
  );
}

function isVisible(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}
