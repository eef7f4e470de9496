import { useMemo, useState } from "preact/hooks";
import { spaced } from "../text.ts";
import { Plot } from "./lines-plot.tsx";
import type { ListedRun } from "./runs-server.ts";

/** Curves of one metric of some runs, over each other. */
export function RunCurves({ runs }: { readonly runs: readonly ListedRun[] }) {
  const metrics = [
    ...new Set(runs.flatMap(({ points }) => points.flatMap(({ values }) => Object.keys(values)))),
  ];
  const [wanted, setWanted] = useState("");
  const metric = metrics.includes(wanted) ? wanted : (runs[0]?.best?.metric ?? metrics[0] ?? "");
  const data = useMemo(() => {
    const last = Math.max(...runs.map(({ points }) => points.at(-1)?.epoch ?? 0));
    const x = Array.from({ length: last }, (_, i) => i + 1);
    return {
      x,
      series: runs.map(({ name, points }) => {
        const known = new Map(points.map(({ epoch, values }) => [epoch, values[metric]]));
        return { name, values: x.map((epoch) => known.get(epoch) ?? null) };
      }),
    };
  }, [runs, metric]);
  return (
    <figure class="figure compared">
      <figcaption>
        <label>
          <span class="hidden">Metric</span>
          <select value={metric} onChange={({ currentTarget }) => setWanted(currentTarget.value)}>
            {metrics.map((name) => (
              <option key={name} value={name} selected={name === metric}>
                {spaced(name)}
              </option>
            ))}
          </select>
        </label>{" "}
        over epochs{runs.length === 1 && ` of ${runs[0]?.name}`}
      </figcaption>
      <Plot data={data} height={260} label={`${spaced(metric)} over epochs`} />
    </figure>
  );
}
