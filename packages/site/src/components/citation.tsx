import type { Entry } from "../entry.ts";

/** How to cite the paper. */
export function Citation({ entry: { id, title, year, arXiv } }: { readonly entry: Entry }) {
  const lines = [
    `@misc{${id},`,
    `  title = {${title}},`,
    `  year = {${year}},`,
    ...(arXiv === undefined
      ? []
      : [
          `  eprint = {${arXiv}},`,
          "  archivePrefix = {arXiv},",
          `  url = {https://arxiv.org/abs/${arXiv}},`,
        ]),
    "}",
  ];
  return (
    <section id="cite" aria-labelledby="cite-title">
      <h2 id="cite-title">Cite</h2>
      <pre class="plain">
        <code>{lines.join("\n")}</code>
      </pre>
    </section>
  );
}
