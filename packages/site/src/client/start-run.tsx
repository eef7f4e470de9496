import { useEffect, useState } from "preact/hooks";
import { addressOf, ask } from "./runs-server.ts";

interface TrainablePaper {
  readonly id: string;
  readonly title: string;
  readonly task: string;
}

interface OneFile {
  /** What its column is, where it needs one. */
  readonly column?: string;
  /** Whether it is told how many steps it forecasts. */
  readonly hasHorizon?: boolean;
}

/** Tasks that learn from a single file; others have folders or environments, for which the command is there. */
const ofOneFile: Readonly<Record<string, OneFile>> = {
  "tabular-prediction": { column: "Column to predict" },
  forecasting: { column: "Column to forecast", hasHorizon: true },
  "language-modelling": {},
  linkage: { column: "Column that says which rows are the same thing" },
  "sequence-labelling": {},
};

/** A form that starts a training of a chosen paper on a chosen file. */
export function StartRun() {
  const [papers, setPapers] = useState<readonly TrainablePaper[]>([]);
  const [id, setId] = useState("");
  const [message, setMessage] = useState("");
  useEffect(() => {
    void fetch(addressOf("papers"))
      .then((response) => response.json() as Promise<TrainablePaper[]>)
      .then((all) => {
        const usable = all.filter(({ task }) => Object.hasOwn(ofOneFile, task));
        setPapers(usable);
        setId(usable[0]?.id ?? "");
      });
  }, []);
  const fields = ofOneFile[papers.find((one) => one.id === id)?.task ?? ""] ?? {};
  const start = (event: Event): void => {
    event.preventDefault();
    setMessage("Sending the file…");
    void sent(id, new FormData(event.currentTarget as HTMLFormElement)).then(setMessage);
  };
  return (
    <details class="start">
      <summary>Start a run</summary>
      <form onSubmit={start}>
        <label>
          <span>Paper</span>
          <select value={id} onChange={({ currentTarget }) => setId(currentTarget.value)}>
            {papers.map((one) => (
              <option key={one.id} value={one.id}>
                {one.id}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>File</span>
          <input type="file" name="file" />
        </label>
        <TaskFields {...fields} />
        <label>
          <span>Epochs</span>
          <input type="number" name="epochs" min="1" max="100000" placeholder="the paper's" />
        </label>
        <button type="submit" class="primary">
          Train
        </button>
        <p class="hint" role="status">
          {message}
        </p>
      </form>
    </details>
  );
}

/** What a task is told beside the file. */
function TaskFields({ column, hasHorizon }: OneFile) {
  return (
    <>
      {column && (
        <label>
          <span>{column}</span>
          <input type="text" name="column" required />
        </label>
      )}
      {hasHorizon && (
        <label>
          <span>Steps to forecast</span>
          <input type="number" name="horizon" min="1" max="10000" required />
        </label>
      )}
    </>
  );
}

/** Sends the file and asks for the training; gives what came of it as a sentence. */
async function sent(paper: string, form: FormData): Promise<string> {
  const file = form.get("file");
  if (!(file instanceof File) || file.size === 0) return "Choose a file to learn from.";
  const name = file.name.replace(/[^\p{L}\p{N} ._-]/gu, "-").replace(/^[^\p{L}\p{N}]+/u, "");
  const { error: refused } = await ask("PUT", `files/${encodeURIComponent(name)}`, file);
  if (refused) return refused;
  const epochs = Number(form.get("epochs")) || undefined;
  const horizon = Number(form.get("horizon")) || undefined;
  const order = { paper, file: name, column: form.get("column"), epochs, horizon };
  const { error, name: run } = await ask("POST", "runs", order);
  return error ?? `Started ${run}.`;
}
