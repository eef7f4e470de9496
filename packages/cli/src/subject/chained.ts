import type { GraphTransform } from "@quire/tensor";

/** Changes made one after the other; undefined where there are none. */
export function chained(
  ...given: readonly (GraphTransform | undefined)[]
): GraphTransform | undefined {
  const transforms = given.filter((transform) => transform !== undefined);
  if (transforms.length < 2) return transforms[0];
  return {
    apply: async (recording) => {
      let changed = recording;
      for (const transform of transforms) changed = await transform.apply(changed);
      return changed;
    },
  };
}
