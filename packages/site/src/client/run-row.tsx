import { spaced, valueText } from "../text.ts";
import { addressOf, type ListedRun } from "./runs-server.ts";

interface RunRowProps {
  readonly run: ListedRun;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
  readonly onChange: (what: "stop" | "resume") => void;
}

const states: Readonly<Record<ListedRun["state"], readonly [text: string, look: string]>> = {
  training: ["training", "runs"],
  done: ["done", "holds"],
  early: ["ended early", "holds"],
  unfinished: ["not ended", "planned"],
  failed: ["failed", "fails"],
};

/** A run of the list: how far it is, its best, and what can be done with it. */
export function RunRow({ run, isChosen, onToggle, onChange }: RunRowProps) {
  const { name, paper, begun, epochs, points, best, state, why } = run;
  const [text, look] = states[state];
  const canResume = state !== "done" && state !== "training";
  return (
    <li class="run-row" data-run={name}>
      <label class="pick">
        <input type="checkbox" checked={isChosen} onChange={onToggle} />
        <span>
          <b>{name}</b>
          <span class="facts">
            <a href={`../papers/${paper}/index.html`}>{paper}</a>
            <span>{begun.slice(0, 16).replace("T", " ")}</span>
          </span>
        </span>
      </label>
      <span class={`state ${look}`}>{text}</span>
      <span class="epochs">
        {epochs !== undefined && (
          <>
            <progress value={points.length} max={epochs} aria-label={`Epochs of ${name}`} />
            {points.length} of {epochs} epochs
          </>
        )}
      </span>
      <span class="best">{best && `${spaced(best.metric)} ${valueText(best.value)}`}</span>
      <span class="actions">
        {run.isOurs && (
          <button type="button" onClick={() => onChange("stop")}>
            Stop
          </button>
        )}
        {canResume && (
          <button type="button" onClick={() => onChange("resume")}>
            Resume
          </button>
        )}
        {run.hasReport && (
          <a href={addressOf(`runs/${name}/report`)} target="_blank" rel="noreferrer">
            Report
          </a>
        )}
      </span>
      {why && <p class="error">{why}</p>}
    </li>
  );
}
