import type { Block } from "../system/blocks.ts";
import { short } from "../text.ts";

/** A system drawn from its own graph: blocks that open, in the order in which a tensor meets them. */
export function BlockDiagram({ block }: { readonly block: Block }) {
  return (
    <div class="system">
      <p class="whole">
        <b>{block.kind}</b> <span>{short(block.parameters)} parameters</span>
      </p>
      <Parts block={block} />
    </div>
  );
}

function Parts({ block }: { readonly block: Block }) {
  return (
    <ol class="parts">
      {block.parts.map((part, i) => (
        <li key={`${part.name} ${i}`}>
          <Part part={part} />
        </li>
      ))}
    </ol>
  );
}

function Part({ part }: { readonly part: Block }) {
  if (part.parts.length === 0 && part.operations.length === 0) {
    return (
      <div class="block">
        <Label part={part} />
      </div>
    );
  }
  return (
    <details class="block">
      <summary>
        <Label part={part} />
      </summary>
      {part.operations.length > 0 && (
        <p class="operations">
          {part.operations.map((name, i) => (
            <code key={`${name} ${i}`}>{name}</code>
          ))}
        </p>
      )}
      {part.parts.length > 0 && <Parts block={part} />}
    </details>
  );
}

function Label({ part }: { readonly part: Block }) {
  const { name, kind, repeat, parameters, output } = part;
  return (
    <span class="label">
      <b>
        {wordsOf(name)}
        {repeat > 1 && <span class="repeat"> × {repeat}</span>}
      </b>
      <span class="kind">{kind}</span>
      <span class="numbers">
        {parameters > 0 && <span>{short(parameters * repeat)}</span>}
        {output !== "" && <span class="shape">{output}</span>}
      </span>
    </span>
  );
}

/** `attentionNorm` -> `attention norm`. */
function wordsOf(name: string): string {
  return name.replaceAll(".", " ").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
