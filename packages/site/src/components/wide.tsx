import type { ComponentChildren } from "preact";

interface WideProps {
  readonly label: string;
  readonly children?: ComponentChildren;
  /** HTML of our own making, in place of children. */
  readonly html?: string;
}

/** A place for what may be wider than the page, or long: it scrolls, by the keyboard too. */
export function Wide({ label, children, html }: WideProps) {
  const inner = html === undefined ? {} : { dangerouslySetInnerHTML: { __html: html } };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll
    <section class="wide" aria-label={label} tabIndex={0} {...inner}>
      {children}
    </section>
  );
}
