/** The part of `seek-bzip` that is used; it brings no types. */
declare module "seek-bzip" {
  const bzip2: { decode(bytes: Uint8Array): Uint8Array };
  export = bzip2;
}
