interface CopyableProps {
  readonly text: string;
  /** What it is, such as "BibTeX entry". */
  readonly what: string;
}

/** A text that a button copies; the script of every page shows the button. */
export function Copyable({ text, what }: CopyableProps) {
  return (
    <div class="copyable">
      <pre class="plain">
        <code>{text}</code>
      </pre>
      <button type="button" data-copy hidden aria-label={`Copy the ${what}`}>
        Copy
      </button>
    </div>
  );
}
