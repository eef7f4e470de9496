/** The names of the axes that make up one axis; none for `1`. */
export type AxisGroup = readonly string[];

/** What stands on one side of a pattern, axis by axis; `...` is all axes not named. */
export type PatternSide = readonly (AxisGroup | "...")[];

/** Both sides of a pattern in einops notation. */
export interface Pattern {
  readonly left: PatternSide;
  readonly right: PatternSide;
}

/** Stops with what is wrong with a pattern. */
export type Refuse = (rule: string) => never;

/** Reads `left -> right`. */
export function parsePattern(pattern: string, refuse: Refuse): Pattern {
  const sides = pattern.split("->");
  if (sides.length !== 2) refuse('a pattern has two sides, as in "B T D -> B D T"');
  const left = parseSide(sides[0] as string, refuse);
  const right = parseSide(sides[1] as string, refuse);
  if (left.some((group) => group !== "..." && group.includes("..."))) {
    refuse("... cannot stand in brackets on the left");
  }
  if (left.flat().includes("...") !== right.flat().includes("...")) {
    refuse("... must stand on both sides or on none");
  }
  return { left, right };
}

/** The groups of one side. */
function parseSide(side: string, refuse: Refuse): PatternSide {
  const groups: (AxisGroup | "...")[] = [];
  const seen = new Set<string>();
  for (const piece of side.match(/\([^()]*\)|[^\s()]+|[()]/g) ?? []) {
    if (piece === "(" || piece === ")") refuse("brackets must come in pairs, none inside another");
    const isGroup = piece.startsWith("(");
    const words = (isGroup ? piece.slice(1, -1) : piece).match(/\S+/g) ?? [];
    for (const word of words) requireName(word, seen, refuse);
    const names = words.filter((word) => word !== "1");
    groups.push(piece === "..." ? piece : names);
  }
  return groups;
}

/** Refuses what is no name, `1` or `...`, and what one side has seen. */
function requireName(word: string, seen: Set<string>, refuse: Refuse): void {
  if (word === "1") return;
  if (word !== "..." && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(word)) {
    refuse(`"${word}" is no name of an axis`);
  }
  if (seen.has(word)) refuse(`${word} stands twice on one side`);
  seen.add(word);
}
