import type { Claim, Paper, Verdict } from "@quire/papers";
import { Wide } from "./wide.tsx";

/** An experiment whose plots are drawn. */
export interface DrawnExperiment {
  readonly verdicts: readonly Verdict[];
  readonly facts: string;
  /** Plots and tables as HTML, made by the same code as reports. */
  readonly parts: readonly { readonly title: string; readonly html: string }[];
}

interface ClaimsProps {
  readonly paper: Paper;
  readonly experiments: readonly DrawnExperiment[];
}

/** What the paper says, and what was found here. */
export function Claims({ paper, experiments }: ClaimsProps) {
  const verdicts = experiments.flatMap((experiment) => experiment.verdicts);
  return (
    <section id="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">Claims</h2>
      <p class="lead">
        <code>npx quire reproduce {paper.id}</code>{" "}
        {verdicts.length > 0
          ? "measures them again."
          : "measures them; no results are kept here yet."}
      </p>
      <ol class="claims">
        {paper.claims.map((claim) => (
          <ClaimCard
            key={claim.id}
            claim={claim}
            verdict={verdicts.find((verdict) => verdict.claim === claim.id)}
          />
        ))}
      </ol>
      {experiments.map((experiment, i) => (
        <details key={experiment.facts} class="experiment" open={i === 0}>
          <summary>
            Measured: {experiment.verdicts.map(({ claim }) => claim).join(", ")}{" "}
            <span>{experiment.facts}</span>
          </summary>
          {experiment.parts.map(({ title, html }) => (
            <figure key={title} class="drawn">
              <figcaption>{title}</figcaption>
              <Wide label={title} html={html} />
            </figure>
          ))}
        </details>
      ))}
    </section>
  );
}

interface ClaimCardProps {
  readonly claim: Claim;
  readonly verdict: Verdict | undefined;
}

function ClaimCard({ claim, verdict }: ClaimCardProps) {
  const { statement, figure, direction } = claim;
  const [state, text] = standingOf(verdict);
  return (
    <li>
      <p class="statement">{statement}</p>
      <span class={`state ${state}`}>{text}</span>
      <dl>
        <dt>The paper</dt>
        <dd>{figure}</dd>
        {verdict && <dt>Here</dt>}
        {verdict && <dd class="found">{verdict.found}</dd>}
        <dt>{verdict ? "Rule" : "Holds if"}</dt>
        <dd>{verdict ? verdict.rule : direction}</dd>
      </dl>
    </li>
  );
}

function standingOf(verdict: Verdict | undefined): readonly [state: string, text: string] {
  if (!verdict) return ["runs", "not measured"];
  return verdict.holds ? ["holds", "holds"] : ["fails", "does not hold"];
}
