import { useMemo } from "preact/hooks";
import { spaced, valueText } from "../text.ts";
import { Plot } from "./lines-plot.tsx";
import type { CurvePoint } from "./use-run.ts";

interface LiveCurveProps {
  readonly curve: readonly CurvePoint[];
  readonly isEmpty: boolean;
}

/** The values of a run as they move, and what they are now. */
export function LiveCurve({ curve, isEmpty }: LiveCurveProps) {
  const names = useMemo(
    () => [...new Set(curve.flatMap(({ values }) => Object.keys(values)))],
    [curve],
  );
  const data = useMemo(
    () => ({
      x: curve.map(({ step }) => step),
      series: names.map((name) => ({
        name: spaced(name),
        values: curve.map(({ values }) => values[name] ?? null),
      })),
    }),
    [curve, names],
  );
  if (curve.length === 0) {
    return (
      <div class="empty" aria-hidden={isEmpty ? undefined : "true"}>
        <svg viewBox="0 0 320 120" preserveAspectRatio="none" aria-hidden="true">
          <path d="M4 14C40 20 44 84 96 94s150 12 220 14" />
        </svg>
        <p>{isEmpty ? "Train it, and its loss is drawn here." : "Compiling the training step…"}</p>
      </div>
    );
  }
  const last = curve.at(-1)?.values ?? {};
  return (
    <figure class="figure curve">
      <dl class="readout">
        {names.map((name) => (
          <div key={name}>
            <dt>{spaced(name)}</dt>
            <dd data-value={name}>{last[name] === undefined ? "–" : valueText(last[name])}</dd>
          </div>
        ))}
      </dl>
      <Plot data={data} height={220} label="Values of the training, step by step" />
    </figure>
  );
}
