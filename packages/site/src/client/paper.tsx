import type { TaskName } from "@quire/papers";
import type { Wanted } from "@quire/papers/task-answer";
import { render } from "preact";
import { short } from "../text.ts";
import type { ShownDemonstration } from "./controls.tsx";
import { DemonstrationPanel } from "./demonstration-panel.tsx";
import { keep, pageData, startPage } from "./page.ts";
import { PaperWorker } from "./paper-worker.ts";
import type { CountedPreset } from "./worker-messages.ts";

interface PaperData {
  readonly id: string;
  readonly task: TaskName;
  readonly demonstration: ShownDemonstration | null;
  readonly onFile: Wanted | string | null;
}

/** Calls once, when an element is about to be seen. */
function whenNear(element: Element | null, call: () => void): void {
  if (!element) return;
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      call();
    },
    { rootMargin: "400px" },
  );
  observer.observe(element);
}

function showCounted({ name, parameters, flops }: CountedPreset): void {
  const row = document.querySelector(`[data-preset="${CSS.escape(name)}"]`);
  const fill = (cell: string, value: number): void => {
    const found = row?.querySelector(cell);
    if (!found) return;
    found.textContent = short(value);
    found.setAttribute("title", value.toLocaleString("en"));
  };
  fill(".counted", parameters);
  if (flops !== undefined) fill(".flops", flops);
}

/** Counts in a worker of its own, which ends with the last size. */
function count({ id, task }: PaperData): void {
  const worker = new PaperWorker();
  let left = document.querySelectorAll("[data-preset]").length;
  worker.listen((said) => {
    if (said.type === "counted") showCounted(said.preset);
    left -= 1;
    if (left === 0 || said.type === "failed") worker.end();
  });
  worker.ask({ type: "count", paper: id, task });
}

startPage();
const data = pageData<PaperData | null>("paper");
if (data) {
  whenNear(document.getElementById("presets"), () => count(data));
  const container = document.getElementById("demonstration");
  if (container && data.demonstration) {
    container.replaceChildren();
    render(
      <DemonstrationPanel
        paper={data.id}
        onFile={data.onFile}
        demonstration={data.demonstration}
        onFetched={(addresses) => void keep(addresses)}
      />,
      container,
    );
  }
}
