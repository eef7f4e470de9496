import { command } from "../command.ts";
import { loadPaper, paperIds } from "../papers.ts";
import { table } from "../table.ts";

/** Lists the papers. */
export const listCommand = command({
  name: "list",
  summary: "List the papers",
  arguments: [],
  options: {},
  examples: ["quire list", "quire list --json"],
  run: async (_given, _options, { console }) => {
    const papers = await Promise.all(paperIds().map(loadPaper));
    const columns = [
      { title: "paper" },
      { title: "year", align: "right" } as const,
      { title: "task" },
      { title: "title" },
    ];
    const rows = papers.map(({ id, year, task, title }) => [
      id,
      String(year),
      task.replaceAll("-", " "),
      title,
    ]);
    console.print(table(columns, rows));
    console.result({
      papers: papers.map(({ id, title, year, arXiv, family, task }) => {
        return { id, title, year, arXiv, family, task };
      }),
    });
  },
});
