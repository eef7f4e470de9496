import { useEffect, useState } from "preact/hooks";
import { RunCurves } from "./run-curves.tsx";
import { RunRow } from "./run-row.tsx";
import { ask, type ListedRun, listenToRuns } from "./runs-server.ts";
import { StartRun } from "./start-run.tsx";

/** The runs of the machine that serves the page, live; where no server of ours does, how to get one. */
export function RunsPanel() {
  const [runs, setRuns] = useState<readonly ListedRun[]>();
  const [isStatic, setIsStatic] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [message, setMessage] = useState("");
  useEffect(() => listenToRuns(setRuns, () => setIsStatic(true)), []);
  if (isStatic) return <NoServer />;
  if (!runs) return <p class="lead">Looking for runs…</p>;
  const change = (name: string, what: "stop" | "resume"): void => {
    void ask("POST", `runs/${name}/${what}`, {}).then(({ error = "" }) => setMessage(error));
  };
  const toggle = (name: string): void => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  const compared = runs.filter(({ name, points }) => chosen.has(name) && points.length > 0);
  const newest = runs.find(({ points }) => points.length > 0);
  const shown = compared.length > 0 || !newest ? compared : [newest];
  return (
    <div class="run-board">
      <StartRun />
      {message && (
        <p class="error" role="alert">
          {message}
        </p>
      )}
      {shown.length > 0 && <RunCurves runs={shown} />}
      {runs.length === 0 ? (
        <div class="nothing">
          <p>No runs yet.</p>
          <p>
            Start one above, or with <code>npx quire train</code>: it appears here as it goes.
          </p>
        </div>
      ) : (
        <ul class="run-list">
          {runs.map((run) => (
            <RunRow
              key={run.name}
              run={run}
              isChosen={chosen.has(run.name)}
              onToggle={() => toggle(run.name)}
              onChange={(what) => change(run.name, what)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function NoServer() {
  return (
    <div class="nothing">
      <p>These pages are static files: they know of no runs.</p>
      <p>
        <code>npx quire serve</code> opens them with the runs of your machine, live.
      </p>
    </div>
  );
}
