import { render } from "preact";
import { startPage } from "./page.ts";
import { RunsPanel } from "./runs-panel.tsx";

startPage();
const container = document.getElementById("runs");
if (container) {
  container.replaceChildren();
  render(<RunsPanel />, container);
}
