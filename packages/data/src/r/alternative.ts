import { missingInteger, type RValue, type RVector } from "./r-value.ts";

/** The vector that one of R's compact forms stands for (R Internals, section 1.8); undefined for another form. */
export function expandAlternative(form: string, state: RValue): RVector | undefined {
  const attributes = new Map<string, RValue>();
  if (form === "compact_intseq" || form === "compact_realseq") {
    if (state?.kind !== "double") return undefined;
    const [length = 0, first = 0, step = 1] = state.values;
    const at = (_: unknown, i: number): number => first + i * step;
    return form === "compact_intseq"
      ? { kind: "integer", values: Int32Array.from({ length }, at), attributes }
      : { kind: "double", values: Float64Array.from({ length }, at), attributes };
  }
  if (form === "deferred_string") {
    const numbers = firstOf(state);
    if (numbers?.kind !== "integer" && numbers?.kind !== "double") return undefined;
    return { kind: "character", values: Array.from(numbers.values, numberText), attributes };
  }
  return form.startsWith("wrap_") ? firstOf(state) : undefined;
}

/** What a wrapper holds: the first entry of its state. */
function firstOf(state: RValue): RVector | undefined {
  const first = state?.kind === "pairs" ? state.entries[0]?.[1] : state;
  const held = first?.kind === "list" ? first.values[0] : first;
  return held?.kind === "pairs" || held?.kind === "symbol" ? undefined : held;
}

function numberText(value: number): string | undefined {
  return value === missingInteger || Number.isNaN(value) ? undefined : String(value);
}
