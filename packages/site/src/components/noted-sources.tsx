import type { NotedFile } from "../build/notes.ts";

/** A paper's notes beside the code that they stand at. */
export function NotedSources({ files }: { readonly files: readonly NotedFile[] }) {
  return (
    <section id="code" aria-labelledby="code-title">
      <h2 id="code-title">Notes and code</h2>
      {files.map((file, i) => (
        <details key={file.name} class="source" open={i === 0}>
          <summary>
            <code>{file.name}</code> <span>{file.lines} lines</span>
          </summary>
          <div class="noted">
            {file.rows.map(({ note, code }, row) => (
              <div key={`${file.name} ${row}`} class={note === "" ? "pair bare" : "pair"}>
                <p class="note">{note}</p>
                <div class="code" dangerouslySetInnerHTML={{ __html: code }} />
              </div>
            ))}
          </div>
        </details>
      ))}
    </section>
  );
}
