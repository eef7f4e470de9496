import type { Entry } from "../entry.ts";
import { Listing } from "./listing.tsx";

/** The first page: what Quire is, and all papers. */
export function Home({ entries }: { readonly entries: readonly Entry[] }) {
  const running = entries.filter(({ state }) => state !== "planned");
  const [measured, held] = ["claims", "held"].map((of) =>
    running.reduce((sum, { measured: counts }) => sum + (counts?.[of as "claims"] ?? 0), 0),
  );
  return (
    <>
      <section class="hero">
        <h1>Transformer papers that run.</h1>
        <p>
          Each is a page where its system trains in front of you, its code stands beside the
          equations it comes from, and its claims are measured again.
        </p>
        <dl class="tally">
          <Tally value={running.length} of={`of ${entries.length} papers run`} />
          {measured ? <Tally value={held ?? 0} of={`of ${measured} measured claims hold`} /> : null}
        </dl>
      </section>
      <div id="listing">
        <Listing entries={entries} root="." />
      </div>
    </>
  );
}

function Tally({ value, of }: { readonly value: number; readonly of: string }) {
  return (
    <div>
      <dd>{value}</dd>
      <dt>{of}</dt>
    </div>
  );
}
