import type { Figure, SettingValue } from "@quire/papers";
import type { Wanted } from "@quire/papers/task-answer";
import type { Device, DeviceReport } from "@quire/tensor";
import { useCallback, useEffect, useState } from "preact/hooks";
import { download } from "./download.ts";
import type { PaperWorker } from "./paper-worker.ts";
import type { Said } from "./worker-messages.ts";

/** A step's values. */
export interface CurvePoint {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** How a run stands. */
export interface RunState {
  readonly phase: "fresh" | "running" | "stopped" | "done";
  readonly step: number;
  readonly steps: number;
  readonly curve: readonly CurvePoint[];
  readonly figures: readonly Figure[];
  readonly message?: string;
}

const fresh: RunState = { phase: "fresh", step: 0, steps: 0, curve: [], figures: [] };

/** Whether there is a model that can be exported, and what can be asked of it. */
export interface Model {
  readonly isMade: boolean;
  readonly wanted?: Wanted | undefined;
}

const none: Model = { isMade: false };

/** A run in a worker, and what can be asked of it. */
export function useRun(worker: PaperWorker, onFetched: (addresses: readonly string[]) => void) {
  const [state, setState] = useState(fresh);
  const [reports, setReports] = useState<readonly DeviceReport[]>([]);
  const [device, setDevice] = useState<Device>("cpu");
  const [model, setModel] = useState(none);
  useEffect(() => {
    const end = worker.listen((said) => {
      if (said.type === "devices") {
        setReports(said.reports);
        setDevice(said.preferred);
      } else if (said.type === "exported") {
        download(said.files);
      } else {
        setState((before) => after(before, said));
      }
      if (said.type === "made") setModel({ isMade: true, wanted: said.wanted });
      if (said.type === "ended") onFetched(said.addresses);
    });
    worker.ask({ type: "devices" });
    return end;
  }, [worker, onFetched]);
  const start = useCallback(
    (given: { paper: string; values: Readonly<Record<string, SettingValue>>; seed: number }) => {
      setState({ ...fresh, phase: "running" });
      setModel(none);
      worker.ask({ type: "run", ...given, device });
    },
    [worker, device],
  );
  return {
    ...{ state, reports, device, setDevice, model, start },
    stop: () => worker.ask({ type: "stop" }),
    reset: () => {
      worker.ask({ type: "stop" });
      setState(fresh);
      setModel(none);
    },
  };
}

function after(before: RunState, said: Said): RunState {
  if (said.type === "frame") {
    const { step, steps, values, figures } = said.frame;
    if (before.phase === "fresh") return before;
    const curve =
      Object.keys(values).length > 0 ? [...before.curve, { step, values }] : before.curve;
    return { ...before, step, steps, curve, figures: figures ?? before.figures };
  }
  if (said.type === "ended" && before.phase === "running") {
    return { ...before, phase: said.isStopped ? "stopped" : "done" };
  }
  if (said.type === "failed" && said.during !== "answer") {
    return {
      ...before,
      phase: before.phase === "running" ? "stopped" : before.phase,
      message: said.message,
    };
  }
  return before;
}
