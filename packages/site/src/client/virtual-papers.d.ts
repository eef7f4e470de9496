/** The papers that have folders, found by the build. */
declare module "#papers" {
  import type { Build, Demonstration, Method, Paper } from "@quire/papers";

  export const demonstrations: Readonly<
    Record<string, () => Promise<{ readonly demonstration: Demonstration }>>
  >;
  export const methods: Readonly<Record<string, () => Promise<{ readonly method: Method }>>>;
  export const systems: Readonly<
    Record<
      string,
      () => Promise<readonly [{ readonly paper: Paper }, { readonly build: Build<object, object> }]>
    >
  >;
}
