import { join } from "node:path";
import { command } from "../command.ts";
import { text } from "../option.ts";
import { openRun, runFiles } from "../run-folder.ts";
import { exportSystem } from "../saving.ts";

/** Writes a run's model as ONNX. */
export const exportCommand = command({
  name: "export",
  summary: "Write a run's model as an ONNX file that any ONNX Runtime runs",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: { out: text("FILE", "Where to write; model.onnx in the run unless said") },
  examples: ["quire export runs/cct-1", "quire export cct-1 --out flowers.onnx"],
  run: async ([name = ""], { out }, { console }) => {
    const { folder, system, compile } = await openRun(name);
    const file = out ?? join(folder, runFiles.onnx);
    await exportSystem(file, system, compile);
    const { inputs, outputs, metadata } = system.exported;
    const [first, ...others] = Object.keys(inputs);
    const fed = others.length > 0 ? [first, ...others].join(", ") : `${first}: tensor`;
    const [result = "output"] = Object.keys(outputs);
    console.print(
      [
        `Wrote ${file}.`,
        ...Object.entries(inputs).map(
          ([key, { shape, dtype = "float32" }]) => `  input   ${key}: ${dtype} ${shapeText(shape)}`,
        ),
        ...Object.entries(outputs).map(
          ([key, shape]) => `  output  ${key}: float32 ${shapeText(shape)}`,
        ),
        ...notesOf(metadata),
        "Run it anywhere, for example in Node:",
        '  import * as ort from "onnxruntime-node";',
        `  const session = await ort.InferenceSession.create(${JSON.stringify(file)});`,
        `  const { ${result} } = await session.run({ ${fed} });`,
      ].join("\n"),
    );
    console.result({ file, inputs, outputs, metadata });
  },
});

function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

/** The file's notes, those on where it comes from left out. */
function notesOf({ paper: _, task: __, ...notes }: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(notes).map((name) => name.length));
  return Object.entries(notes).map(([name, note]) => `  ${name.padEnd(width)} ${note}`);
}
