import { rootPath } from "./page.ts";

/** A run as the server lists it. */
export interface ListedRun {
  readonly name: string;
  readonly paper: string;
  readonly task: string;
  readonly begun: string;
  readonly epochs?: number;
  readonly state: "training" | "done" | "early" | "unfinished" | "failed";
  readonly points: readonly {
    readonly epoch: number;
    readonly values: Readonly<Record<string, number>>;
  }[];
  readonly best?: { readonly metric: string; readonly value: number };
  readonly why?: string;
  readonly hasReport: boolean;
  readonly isOurs: boolean;
}

/** Where the server answers. */
export function addressOf(path: string): string {
  return `${rootPath()}/api/${path}`;
}

/** Listens to the runs; says where there is no server of ours. Gives what ends it. */
export function listenToRuns(
  onRuns: (runs: readonly ListedRun[]) => void,
  onStatic: () => void,
): () => void {
  let source: EventSource | undefined;
  let isEnded = false;
  void fetch(addressOf("runs"))
    .then(async (response) => {
      const isOurs = response.headers.get("content-type")?.startsWith("application/json");
      if (!response.ok || !isOurs) throw new Error("no server of ours");
      onRuns((await response.json()) as ListedRun[]);
      if (isEnded) return;
      source = new EventSource(addressOf("events"));
      source.addEventListener("runs", ({ data }) => onRuns(JSON.parse(data) as ListedRun[]));
    })
    .catch(onStatic);
  return () => {
    isEnded = true;
    source?.close();
  };
}

/** Asks the server for a change; gives what it says. */
export async function ask(
  method: "POST" | "PUT",
  path: string,
  body: object,
): Promise<{ readonly error?: string; readonly name?: string }> {
  const isFile = body instanceof Blob;
  try {
    const response = await fetch(addressOf(path), {
      method,
      body: isFile ? body : JSON.stringify(body),
      headers: isFile ? {} : { "content-type": "application/json" },
    });
    return (await response.json()) as { error?: string; name?: string };
  } catch {
    return { error: "The server does not answer." };
  }
}
