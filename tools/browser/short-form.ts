import type { Case } from "./conformance-report.ts";

/**
 * The fewest cases that still reach every operation and every gradient rule, which is one an operand. Cases with
 * elements and without infinities come first, since they say more.
 */
export function shortForm<T extends Case["stored"]>(cases: readonly T[]): T[] {
  const reached = new Set<string>();
  return [...cases.filter(isPlain), ...cases].filter((one) => {
    const rules = rulesOf(one).filter((rule) => !reached.has(rule));
    for (const rule of rules) reached.add(rule);
    return rules.length > 0;
  });
}

/** What a case tells about: the operation, and its gradient by each operand that has a stored one. */
function rulesOf({ op, gradients = [] }: Case["stored"]): string[] {
  return [op, ...gradients.flatMap((gradient, i) => (gradient ? [`${op} by ${i}`] : []))];
}

function isPlain({ inputs }: Case["stored"]): boolean {
  return inputs.every(
    ({ data }) => data.length > 0 && data.every((value) => typeof value === "number"),
  );
}
