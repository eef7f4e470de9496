import type { Paper } from "@quire/papers";
import { short } from "../text.ts";
import { Wide } from "./wide.tsx";

/** A paper's sizes; what is counted is filled in by the page, from the system itself. */
export function Presets({ paper }: { readonly paper: Paper }) {
  // A method's own network is counted; what it does for one example depends on what it is used on.
  const hasFlops = paper.task !== "method";
  if (Object.keys(paper.presets).length === 0) return null;
  return (
    <section id="sizes" aria-labelledby="sizes-title">
      <h2 id="sizes-title">Sizes</h2>
      <p class="lead">
        {hasFlops ? "Parameters and operations" : "Parameters"} are counted in this tab, from the
        system itself, for one example.
      </p>
      <Wide label="Table of sizes">
        <table id="presets">
          <thead>
            <tr>
              <th scope="col">Size</th>
              <th scope="col" class="number">
                Published
              </th>
              <Heads hasFlops={hasFlops} />
              <th scope="col">Source</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(paper.presets).map(([name, { parameters, source, note }]) => (
              <tr key={name} data-preset={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td class="number">{parameters === undefined ? "–" : short(parameters)}</td>
                <td class="number counted">…</td>
                {hasFlops && <td class="number flops">…</td>}
                <td class="source">
                  {source}
                  {note && <span class="note"> ({note})</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}

function Heads({ hasFlops }: { readonly hasFlops: boolean }) {
  return (
    <>
      <th scope="col" class="number">
        Counted
      </th>
      {hasFlops && (
        <th scope="col" class="number">
          FLOPs
        </th>
      )}
    </>
  );
}
