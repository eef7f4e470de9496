/** Values in nested arrays and records, as functions take and return them. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

/** The leaves of a tree, each with its path: `["0", "images"]`. Keys keep their order. */
export function leavesOf<Leaf>(
  tree: Tree<Leaf>,
  isLeaf: (value: unknown) => value is Leaf,
  path: readonly string[] = [],
): { readonly path: readonly string[]; readonly leaf: Leaf }[] {
  if (isLeaf(tree)) return [{ path, leaf: tree }];
  return Object.entries(tree as Record<string, Tree<Leaf>>).flatMap(([key, branch]) =>
    leavesOf(branch, isLeaf, [...path, key]),
  );
}

/** A tree of the same form with other leaves, which `next` gives in order. */
export function mapTree<From, To>(
  tree: Tree<From>,
  isLeaf: (value: unknown) => value is From,
  next: (leaf: From) => To,
): Tree<To> {
  if (isLeaf(tree)) return next(tree);
  if (Array.isArray(tree)) return tree.map((branch) => mapTree(branch, isLeaf, next));
  return Object.fromEntries(
    Object.entries(tree as Record<string, Tree<From>>).map(([key, branch]) => [
      key,
      mapTree(branch, isLeaf, next),
    ]),
  );
}
