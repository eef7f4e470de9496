/** What every page does: switch the theme, copy texts, and be there without a network. */
export function startPage(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
  document.getElementById("theme")?.addEventListener("click", switchTheme);
  if ("serviceWorker" in navigator && isSecureContext) void keepOffline();
}

/** The path from this page to the site's root. */
export function rootPath(): string {
  return document.body.dataset["root"] ?? ".";
}

/** Data that the page brought with it. */
export function pageData<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null") as T;
}

function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = dataset["theme"]
    ? dataset["theme"] === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset["theme"] = isDark ? "light" : "dark";
  localStorage.setItem("theme", dataset["theme"]);
}

/** How long a button says that it copied. */
const SAID = 1500;

/** Copies the text that stands before a button; selects it where the browser does not let a page copy. */
async function copy(button: HTMLButtonElement): Promise<void> {
  const place = button.previousElementSibling;
  if (!place) return;
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  try {
    await clipboard?.writeText(place.textContent);
    button.textContent = clipboard ? "Copied" : "Selected";
  } catch {
    button.textContent = "Selected";
  }
  if (button.textContent === "Selected") getSelection()?.selectAllChildren(place);
  setTimeout(() => {
    button.textContent = "Copy";
  }, SAID);
}

async function keepOffline(): Promise<void> {
  await navigator.serviceWorker.register(`${rootPath()}/service-worker.js`);
  await keep(performance.getEntriesByType("resource").map(({ name }) => name));
}

/** Has files kept that were fetched before the service worker watched. */
export async function keep(addresses: readonly string[]): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ keep: [location.href.split(/[?#]/)[0], ...addresses] });
}
