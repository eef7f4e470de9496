import type { Figure, TaskName } from "@quire/papers";
import type { Given } from "@quire/papers/answer";
import { useEffect, useState } from "preact/hooks";
import { FigureView } from "./figure-view.tsx";
import type { PaperWorker } from "./paper-worker.ts";

interface BringYourOwnProps {
  readonly task: TaskName;
  readonly isReady: boolean;
  readonly worker: PaperWorker;
}

interface Wanted {
  readonly text: string;
  readonly accept: string;
}

const tables = ".csv,.tsv,.txt,.json,.jsonl,.xlsx,.parquet";

const wanted: Readonly<Partial<Record<TaskName, Wanted>>> = {
  "image-classification": {
    text: "Drop a picture, and it is told what is on it.",
    accept: "image/*",
  },
  forecasting: {
    text: "Drop a table with a column of times and one of numbers, and it goes on.",
    accept: tables,
  },
  "language-modelling": { text: "Drop a text, and it writes on.", accept: ".txt,.md,text/*" },
  "tabular-prediction": {
    text: "Drop a table with the columns that it learnt from, and every row is predicted.",
    accept: tables,
  },
  linkage: {
    text: "Drop a table or a list of names, and see which of them belong together.",
    accept: tables,
  },
};

/** A place for a file of one's own, which the trained model answers. */
export function BringYourOwn({ task, isReady, worker }: BringYourOwnProps) {
  const [figures, setFigures] = useState<readonly Figure[]>([]);
  const [message, setMessage] = useState("");
  const [isOver, setIsOver] = useState(false);
  useEffect(
    () =>
      worker.listen((said) => {
        if (said.type === "answered") setFigures(said.figures);
        if (said.type === "failed" && said.during === "answer") setMessage(said.message);
      }),
    [worker],
  );
  const want = wanted[task];
  if (!want) return null;
  const take = async (file: File | undefined): Promise<void> => {
    setMessage("");
    setFigures([]);
    if (!file) return;
    try {
      worker.ask({ type: "answer", given: await read(file, task) });
    } catch {
      setMessage(`"${file.name}" is no picture that this browser can read.`);
    }
  };
  return (
    <div class="own">
      <label
        class={isOver ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          if (isReady) void take(event.dataTransfer?.files[0]);
        }}
      >
        <b>Bring your own</b>
        <span>{isReady ? want.text : "Train it first; then it answers a file of yours."}</span>
        <input
          type="file"
          accept={want.accept}
          disabled={!isReady}
          onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
        />
      </label>
      <div aria-live="polite" class="answers">
        {message && <p class="error">{message}</p>}
        {figures.map((figure) => (
          <FigureView key={figure.title} figure={figure} />
        ))}
      </div>
    </div>
  );
}

/** A picture as pixels, anything else as bytes. */
async function read(file: File, task: TaskName): Promise<Given> {
  if (task !== "image-classification") {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return { kind: "file", name: file.name, bytes };
  }
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error("The browser gives no canvas.");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { kind: "picture", width, height, bytes: data };
}
