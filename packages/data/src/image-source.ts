/** Where the images of a batch come from. */
export interface ImageSource {
  /** Whether targets are shares of the classes, `[B, K]`, rather than indices, `[B]`. */
  readonly mixesLabels: boolean;
  /** Writes one image of the data set, and its target, into a place of a batch. */
  write(index: number, slot: number, images: Float32Array, labels: Int32Array | Float32Array): void;
}
