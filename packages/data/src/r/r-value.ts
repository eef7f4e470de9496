import { DataError } from "../errors.ts";

/** A value of R as far as data are made of it; undefined is R's NULL and what holds no data. */
export type RValue = RVector | RPairs | RSymbol | undefined;

/** Numbers, truths (1, 0), texts or values in a row, with their attributes. */
export type RVector = {
  /** Such as `names`, `class` and `levels`, by their names. */
  readonly attributes: ReadonlyMap<string, RValue>;
} & (
  | { readonly kind: "integer" | "logical"; readonly values: Int32Array }
  | { readonly kind: "double"; readonly values: Float64Array }
  | { readonly kind: "character"; readonly values: readonly (string | undefined)[] }
  | { readonly kind: "list"; readonly values: readonly RValue[] }
);

/** A list of values with names. */
export interface RPairs {
  readonly kind: "pairs";
  readonly entries: readonly (readonly [name: string, value: RValue])[];
}

/** A name. */
export interface RSymbol {
  readonly kind: "symbol";
  readonly name: string;
}

/** What stands for a missing whole number or truth. */
export const missingInteger = -(2 ** 31);

/** The texts of a vector of texts; none of anything else. */
export function textsOf(value: RValue): readonly (string | undefined)[] {
  return value?.kind === "character" ? value.values : [];
}

/** An attribute's texts, such as the names of a list. */
export function attributeTexts(value: RVector, name: string): readonly (string | undefined)[] {
  return textsOf(value.attributes.get(name));
}

/** The value called so in a list of pairs or a list with names. */
export function named(value: RValue, name: string): RValue {
  if (value?.kind === "pairs") return value.entries.find(([each]) => each === name)?.[1];
  if (value?.kind !== "list") return undefined;
  return value.values[attributeTexts(value, "names").indexOf(name)];
}

/** The error about a file that is not as R writes it. */
export function malformed(file: string, what: string): DataError {
  return new DataError(`${file}: ${what}: write it again by R's save() or saveRDS().`);
}
