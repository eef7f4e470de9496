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
  let open: string[] | undefined;
  for (const token of side.match(/\.\.\.|[()]|[^\s().]+|\./g) ?? []) {
    if (token === "(") {
      if (open) refuse("brackets cannot stand in brackets");
      open = [];
    } else if (token === ")") {
      groups.push(open ?? refuse("a bracket closes that none opened"));
      open = undefined;
    } else {
      requireName(token, seen, refuse);
      const names = token === "1" ? [] : [token];
      if (open) open.push(...names);
      else groups.push(token === "..." ? token : names);
    }
  }
  if (open) refuse("a bracket is not closed");
  return groups;
}

/** Refuses what is no name, `1` or `...`, and what one side has seen. */
function requireName(token: string, seen: Set<string>, refuse: Refuse): void {
  if (token === "1") return;
  if (token !== "..." && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(token)) {
    refuse(`"${token}" is no name of an axis`);
  }
  if (seen.has(token)) refuse(`${token} stands twice on one side`);
  seen.add(token);
}
