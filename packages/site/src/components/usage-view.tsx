import type { Usage } from "../build/usage.ts";
import { Copyable } from "./copyable.tsx";

/** How to use a paper on one's own data: by commands, and by calls. */
export function UsageView({ usage }: { readonly usage: Usage }) {
  return (
    <section id="use" aria-labelledby="use-title">
      <h2 id="use-title">On your data</h2>
      <p class="lead">{usage.data}</p>
      <div class="ways">
        <div>
          <h3>By commands</h3>
          <Copyable text={usage.commands.join("\n")} what="commands" />
        </div>
        <div>
          <h3>By calls</h3>
          <div class="code" dangerouslySetInnerHTML={{ __html: usage.call }} />
        </div>
      </div>
    </section>
  );
}
