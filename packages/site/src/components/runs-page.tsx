/** The runs of this machine; what there is comes from the server that the page was opened by. */
export function RunsPage() {
  return (
    <div class="runs-page">
      <header class="head">
        <h1>Runs</h1>
        <p class="summary">The trainings of this machine, as they go.</p>
      </header>
      <div id="runs">
        <p class="lead">Looking for a server…</p>
      </div>
    </div>
  );
}
