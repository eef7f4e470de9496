import type { ComponentChildren } from "preact";

/** What every page is made of. */
export interface ShellProps {
  readonly title: string;
  readonly description: string;
  /** Path from the page to the site's root, such as "../..". */
  readonly root: string;
  readonly styles: readonly string[];
  readonly script: string;
  /** Data for the script, by the id of the element that holds them. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly children: ComponentChildren;
}

/** A whole page: head, header, what it is about, footer. */
export function Shell(props: ShellProps) {
  const { title, description, root, styles, script, data = {}, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content={description} />
        <title>{title}</title>
        <link rel="icon" href={`${root}/icon.svg`} type="image/svg+xml" />
        {styles.map((href) => (
          <link key={href} rel="stylesheet" href={`${root}/${href}`} />
        ))}
        <script src={`${root}/theme.js`} />
      </head>
      <body data-root={root}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="bar">
          <a class="mark" href={`${root}/index.html`}>
            <Mark />
            Quire
          </a>
          <nav aria-label="Site">
            <a href={`${root}/index.html`}>Papers</a>
            <a href={`${root}/runs/index.html`}>Runs</a>
          </nav>
          <button type="button" class="quiet" id="theme" aria-label="Switch between light and dark">
            <span aria-hidden="true">◐</span>
          </button>
        </header>
        <main id="main" tabIndex={-1}>
          {children}
        </main>
        <footer class="foot">
          <p>
            Everything on these pages is made from the papers' folders and what was measured. What
            runs, runs in this tab: no data leave it.
          </p>
        </footer>
        {Object.entries(data).map(([id, value]) => (
          <Raw key={id} tag="script" id={id} type="application/json" text={jsonText(value)} />
        ))}
        <script type="module" src={`${root}/${script}`} />
      </body>
    </html>
  );
}

/** Four leaves folded into one another. */
function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M12 20V6" stroke="currentColor" stroke-width="1.6" />
      <path
        d="M12 6c-2.5-2-5.5-2.5-9-2.5V17c3.5 0 6.5.7 9 3"
        stroke="currentColor"
        stroke-width="1.6"
      />
      <path
        d="M12 6c2.5-2 5.5-2.5 9-2.5V17c-3.5 0-6.5.7-9 3"
        stroke="currentColor"
        stroke-width="1.6"
      />
      <path
        d="M12 10.5c-1.800-1.300-3.800-1.800-6-2m6 6c-1.800-1.300-3.800-1.800-6-2"
        stroke="currentColor"
        stroke-width="1.2"
      />
    </svg>
  );
}

interface RawProps {
  readonly tag: "script";
  readonly text: string;
  readonly id?: string;
  readonly type?: string;
}

function Raw({ tag: Tag, text, ...rest }: RawProps) {
  return <Tag {...rest} dangerouslySetInnerHTML={{ __html: text }} />;
}

/** JSON that cannot end the element it stands in. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
