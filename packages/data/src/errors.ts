import { QuireError } from "@quire/tensor";

/** Data that cannot be used as it is: the message says what is wrong with it and what to do. */
export class DataError extends QuireError {
  override readonly name: string = "DataError";
}
