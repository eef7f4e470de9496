import type { Figure, SystemFiles } from "@quire/papers";
import type { Given, Wanted } from "@quire/papers/task-answer";
import { useEffect, useState } from "preact/hooks";
import { download } from "./download.ts";
import { FigureView } from "./figure-view.tsx";
import type { PaperWorker } from "./paper-worker.ts";
import type { Answering, Said } from "./worker-messages.ts";

interface BringYourOwnProps {
  readonly paper: string;
  readonly title: string;
  readonly by: Answering;
  /** What may be given; not known until there is a model. */
  readonly wanted: Wanted | undefined;
  readonly isReady: boolean;
  readonly worker: PaperWorker;
}

interface Answered {
  readonly phase: "none" | "asked" | "answered";
  readonly figures: readonly Figure[];
  readonly files: SystemFiles;
  readonly message?: string;
}

const nothing: Answered = { phase: "none", figures: [], files: {} };

/** A place for a file of one's own, which the trained model or the method answers. */
export function BringYourOwn(props: BringYourOwnProps) {
  const { paper, title, by, wanted, isReady, worker } = props;
  const [answered, setAnswered] = useState(nothing);
  const [isOver, setIsOver] = useState(false);
  useEffect(
    () => worker.listen((said) => setAnswered((before) => after(before, said, by))),
    [worker, by],
  );
  const take = async (file: File | undefined): Promise<void> => {
    if (!file || !isReady || !wanted) return;
    setAnswered({ ...nothing, phase: "asked" });
    try {
      worker.ask({ type: "answer", by, paper, given: await read(file, wanted.kind) });
    } catch {
      const message = `"${file.name}" is no picture that this browser can read.`;
      setAnswered({ ...nothing, message });
    }
  };
  return (
    <div class="own" data-by={by}>
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
          void take(event.dataTransfer?.files[0]);
        }}
      >
        <b>{title}</b>
        <span>
          {isReady && wanted ? wanted.text : "Train it first; then it answers a file of yours."}
        </span>
        <input
          type="file"
          accept={wanted?.accept ?? ""}
          disabled={!isReady || !wanted}
          onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
        />
      </label>
      {isReady && wanted?.typed && (
        <Typed label={wanted.typed} onText={(text) => void take(new File([text], "typed.txt"))} />
      )}
      <Answers answered={answered} />
    </div>
  );
}

interface TypedProps {
  readonly label: string;
  readonly onText: (text: string) => void;
}

/** A line of text in place of a file. */
function Typed({ label, onText }: TypedProps) {
  return (
    <form
      class="typed"
      onSubmit={(event) => {
        event.preventDefault();
        onText(String(new FormData(event.currentTarget).get("text")));
      }}
    >
      <label>
        <span>{label}</span>
        <input type="text" name="text" required autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit">Answer</button>
    </form>
  );
}

function after(before: Answered, said: Said, by: Answering): Answered {
  if (said.type === "answered" && said.by === by) {
    return { phase: "answered", figures: said.figures, files: said.files };
  }
  if (said.type === "failed" && said.by === by) return { ...nothing, message: said.message };
  return before;
}

function Answers({ answered }: { readonly answered: Answered }) {
  const { phase, figures, files, message } = answered;
  return (
    <div aria-live="polite" class="answers">
      {phase === "asked" && <p class="hint">Reading it…</p>}
      {message && <p class="error">{message}</p>}
      {figures.map((figure) => (
        <FigureView key={figure.title} figure={figure} />
      ))}
      {Object.entries(files).map(([name, content]) => (
        <button key={name} type="button" onClick={() => download({ [name]: content })}>
          Download {name}
        </button>
      ))}
    </div>
  );
}

/** A picture as pixels, anything else as bytes. */
async function read(file: File, kind: Given["kind"]): Promise<Given> {
  if (kind === "file") {
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
