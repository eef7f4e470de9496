import { ShapeError } from "../errors.ts";
import { type TensorType, typeText } from "../shape.ts";

/** The words of a text with blanks between. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? First | Words<Rest>
  : Text;

/** Sizes by the names that a list of axes gives them. */
export type NamedSizes<Axes extends string> = {
  readonly [Name in Exclude<Words<Axes>, `${number}` | "">]: number;
};

/**
 * The sizes of a tensor's axes by name; a number must be the size, a name that comes twice one size.
 * `dims(x, "B T D")` gives `{ B, T, D }`.
 *
 * @throws ShapeError when the number of axes or a size differs.
 */
export function dims<Axes extends string>(x: TensorType, axes: Axes): NamedSizes<Axes> {
  const names = axes.split(" ").filter((name) => name !== "");
  const fail = (rule: string): never => {
    throw new ShapeError("dims", `x ${typeText(x)} is not "${axes}": ${rule}.`, [x]);
  };
  if (names.length !== x.shape.length) {
    fail(`it has ${x.shape.length} axes, not ${names.length}`);
  }
  const sizes = new Map<string, number>();
  names.forEach((name, axis) => {
    const size = x.shape[axis] as number;
    const known = /^\d+$/.test(name) ? Number(name) : sizes.get(name);
    if (known !== undefined && known !== size) {
      const wanted = String(known) === name ? name : `${name} = ${known}`;
      fail(`axis ${axis} has ${size}, not ${wanted}`);
    }
    if (!/^\d+$/.test(name)) sizes.set(name, size);
  });
  return Object.fromEntries(sizes) as NamedSizes<Axes>;
}
