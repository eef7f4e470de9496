import { bibTex } from "../bib-tex.ts";
import type { Entry } from "../entry.ts";
import { Copyable } from "./copyable.tsx";

/** How to cite the paper. */
export function Citation({ entry }: { readonly entry: Entry }) {
  return (
    <section id="cite" aria-labelledby="cite-title">
      <h2 id="cite-title">Cite</h2>
      <Copyable text={bibTex(entry)} what="BibTeX entry" />
    </section>
  );
}
