/** Where there is no server of ours there are no runs, and the page says how to get one. */
export function RunsPanel() {
  return (
    <div class="nothing">
      <p>These pages are static files: they know of no runs.</p>
      <p>
        <code>npx quire serve</code> opens them with the runs of your machine, live.
      </p>
    </div>
  );
}
