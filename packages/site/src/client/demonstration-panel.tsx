import type { SettingValue } from "@quire/papers";
import type { Wanted } from "@quire/papers/task-answer";
import { useEffect, useMemo, useState } from "preact/hooks";
import { BringYourOwn } from "./bring-your-own.tsx";
import { Controls, initialValues, type ShownDemonstration } from "./controls.tsx";
import { DeviceChoice } from "./device-choice.tsx";
import { FigureView } from "./figure-view.tsx";
import { LiveCurve } from "./live-curve.tsx";
import { PaperWorker } from "./paper-worker.ts";
import { type Model, type RunState, useRun } from "./use-run.ts";

interface DemonstrationPanelProps {
  readonly paper: string;
  /** What a method makes of a file, or why nothing; null where the paper is no method. */
  readonly onFile: Wanted | string | null;
  readonly demonstration: ShownDemonstration;
  /** Is told of the files that a run fetched. */
  readonly onFetched: (addresses: readonly string[]) => void;
}

/** A paper's system at work: what may be set, how its loss falls, and what it does. */
export function DemonstrationPanel(props: DemonstrationPanelProps) {
  const { paper, onFile, demonstration, onFetched } = props;
  const [values, setValues] = useState<Readonly<Record<string, SettingValue>>>(
    initialValues(demonstration),
  );
  const worker = useMemo(() => new PaperWorker(), []);
  const run = useRun(worker, onFetched);
  useEffect(() => () => worker.end(), [worker]);
  const { state } = run;
  const isReady = run.model.isMade && state.curve.length > 0;
  const start = (): void => run.start({ paper, values, seed: 1 });
  const save = (what: "model" | "example"): void => {
    worker.ask({ type: "export", what, paper });
  };
  return (
    <div class="stage" data-state={state.phase}>
      <div class="what">
        <h3>{demonstration.title}</h3>
        <p class="lead">{demonstration.summary}</p>
      </div>
      <div class="bench">
        <form class="panel" onSubmit={(event) => event.preventDefault()}>
          <Controls
            demonstration={demonstration}
            values={values}
            onChange={(name, value) => setValues({ ...values, [name]: value })}
          />
          <DeviceChoice reports={run.reports} device={run.device} onChange={run.setDevice} />
          <Buttons
            state={state}
            onStart={start}
            onStop={run.stop}
            onReset={() => {
              run.reset();
              setValues(initialValues(demonstration));
            }}
          />
          <Progress state={state} />
          <Saves isReady={isReady} onSave={save} />
        </form>
        <div class="shown">
          <LiveCurve curve={state.curve} isEmpty={state.phase === "fresh"} />
          {state.figures.map((figure) => (
            <FigureView key={figure.title} figure={figure} />
          ))}
        </div>
      </div>
      {state.message && (
        <p class="error" role="alert">
          {state.message}
        </p>
      )}
      <Places {...{ paper, worker, isReady, onFile }} model={run.model} />
    </div>
  );
}

interface PlacesProps extends Pick<DemonstrationPanelProps, "paper" | "onFile"> {
  readonly worker: PaperWorker;
  readonly isReady: boolean;
  readonly model: Model;
}

/** Where files of one's own are dropped: for what was trained, and for the method that a paper is. */
function Places({ paper, worker, isReady, onFile, model: { isMade, wanted } }: PlacesProps) {
  return (
    <>
      {(!isMade || wanted) && (
        <BringYourOwn
          {...{ paper, worker, isReady, wanted, by: "system" }}
          title="Bring your own"
        />
      )}
      {typeof onFile === "string" && (
        <p class="drop none">
          <b>Your own model</b>
          <span>{onFile}</span>
        </p>
      )}
      {typeof onFile === "object" && onFile && (
        <BringYourOwn
          {...{ paper, worker, isReady: true, wanted: onFile, by: "method" }}
          title="Your own model"
        />
      )}
    </>
  );
}

interface SavesProps {
  readonly isReady: boolean;
  readonly onSave: (what: "model" | "example") => void;
}

/** What of a trained model can be kept. */
function Saves({ isReady, onSave }: SavesProps) {
  return (
    <div class="saves">
      <button type="button" disabled={!isReady} onClick={() => onSave("model")}>
        Download as ONNX
      </button>
      <button type="button" disabled={!isReady} onClick={() => onSave("example")}>
        With example numbers
      </button>
    </div>
  );
}

function Progress({ state }: { readonly state: RunState }) {
  const { step, steps, phase } = state;
  const texts = {
    fresh: "Ready",
    running: steps === 0 ? "Compiling…" : `Step ${step} of ${steps}`,
    stopped: `Stopped at step ${step}`,
    done: `Done, ${steps} steps`,
  };
  return (
    <div class="progress">
      <progress value={steps === 0 ? 0 : step} max={steps || 1} aria-label="Steps" />
      <span role="status">{texts[phase]}</span>
    </div>
  );
}

interface ButtonsProps {
  readonly state: RunState;
  readonly onStart: () => void;
  readonly onStop: () => void;
  readonly onReset: () => void;
}

function Buttons({ state, onStart, onStop, onReset }: ButtonsProps) {
  const isRunning = state.phase === "running";
  const start = state.curve.length === 0 ? "Train it" : "Train again";
  return (
    <div class="buttons">
      <button type="button" class="primary" onClick={isRunning ? onStop : onStart}>
        {isRunning ? "Stop" : start}
      </button>
      <button type="button" disabled={state.phase === "fresh"} onClick={onReset}>
        Reset
      </button>
    </div>
  );
}
