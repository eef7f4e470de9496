import { hydrate } from "preact";
import { type Choice, noChoice, orders } from "../components/filters.tsx";
import { Listing } from "../components/listing.tsx";
import { type Entry, states } from "../entry.ts";
import { Meaning, type MeaningFile } from "../search/meaning.ts";
import { pageData, rootPath, startPage } from "./page.ts";

/** The choice that the address holds. */
function choiceOf(search: string): Choice {
  const given = new URLSearchParams(search);
  return {
    query: given.get("query") ?? "",
    family: given.get("family") ?? "",
    task: given.get("task") ?? "",
    state: states.find((state) => state === given.get("state")) ?? "",
    order: orders.find((order) => order === given.get("order")) ?? noChoice.order,
  };
}

function keepChoice(choice: Choice): void {
  const given = Object.entries(choice).filter(
    ([name, value]) => value !== noChoice[name as keyof Choice],
  );
  const search = new URLSearchParams(given).toString();
  history.replaceState(null, "", search === "" ? location.pathname : `?${search}`);
}

async function loadMeaning(): Promise<Meaning> {
  const response = await fetch(`${rootPath()}/meaning.json`);
  return new Meaning((await response.json()) as MeaningFile);
}

/** Moves between results by the arrow keys. */
function moveByKeys(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.target instanceof HTMLSelectElement) return;
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".rows h3 a")];
  const place = links.indexOf(document.activeElement as HTMLAnchorElement);
  const next = event.key === "ArrowDown" ? place + 1 : place - 1;
  const field = document.querySelector<HTMLInputElement>(".search input");
  if (place < 0 && document.activeElement !== field) return;
  event.preventDefault();
  (next < 0 ? field : links[next])?.focus();
}

startPage();
addEventListener("keydown", moveByKeys);
const container = document.getElementById("listing");
if (container) {
  hydrate(
    <Listing
      entries={pageData<Entry[]>("entries")}
      root={rootPath()}
      initial={choiceOf(location.search)}
      loadMeaning={loadMeaning}
      onChoice={keepChoice}
    />,
    container,
  );
}
