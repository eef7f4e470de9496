import { join } from "node:path";
import { command } from "../command.ts";
import { text } from "../option.ts";
import { openRun, runFiles } from "../run-folder.ts";
import { exportClassifier, signatureOf } from "../saving.ts";

/** Writes a run's model as ONNX. */
export const exportCommand = command({
  name: "export",
  summary: "Write a run's model as an ONNX file that any ONNX Runtime runs",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: { out: text("FILE", "Where to write; model.onnx in the run unless said") },
  examples: ["quire export runs/cct-1", "quire export cct-1 --out flowers.onnx"],
  run: async ([name = ""], { out }, { console }) => {
    const { folder, classifier } = await openRun(name);
    const file = out ?? join(folder, runFiles.onnx);
    await exportClassifier(file, classifier);
    const { input, outputs } = signatureOf(classifier);
    const { classes } = classifier.description;
    const shape = `[${input.shape.join(", ")}]`;
    console.print(
      [
        `Wrote ${file}.`,
        `  input   ${input.name}: float32 ${shape}, pixels / 255, channels first, normalised inside`,
        ...outputs.map((output) => `  output  ${output}: float32 [batch, ${classes.length}]`),
        `  classes ${classes.join(", ")}`,
        "Run it anywhere, for example in Node:",
        '  import * as ort from "onnxruntime-node";',
        `  const session = await ort.InferenceSession.create(${JSON.stringify(file)});`,
        `  const { probabilities } = await session.run({ ${input.name}: tensor });`,
      ].join("\n"),
    );
    console.result({ file, input: { ...input, dtype: "float32" }, outputs, classes });
  },
});
