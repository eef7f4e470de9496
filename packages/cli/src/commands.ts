import type { AnyCommand } from "./command.ts";
import { aggregateCommand } from "./commands/aggregate.ts";
import { classifyCommand } from "./commands/classify.ts";
import { completionCommand } from "./commands/completion.ts";
import { compressCommand } from "./commands/compress.ts";
import { convertCommand } from "./commands/convert.ts";
import { dataCommand } from "./commands/data.ts";
import { dedupCommand } from "./commands/dedup.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drawCommand } from "./commands/draw.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { exportCommand } from "./commands/export.ts";
import { finetuneCommand } from "./commands/finetune.ts";
import { generateCommand } from "./commands/generate.ts";
import { linkCommand } from "./commands/link.ts";
import { listCommand } from "./commands/list.ts";
import { predictCommand } from "./commands/predict.ts";
import { programCommand } from "./commands/program.ts";
import { pruneCommand } from "./commands/prune.ts";
import { reportCommand } from "./commands/report.ts";
import { reproduceCommand } from "./commands/reproduce.ts";
import { runsCommand } from "./commands/runs.ts";
import { sampleCommand } from "./commands/sample.ts";
import { serveCommand } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { siteCommand } from "./commands/site.ts";
import { trainCommand } from "./commands/train.ts";

/** All commands, in the order in which the help lists them. */
export const commands: readonly AnyCommand[] = [
  listCommand,
  showCommand,
  reproduceCommand,
  dataCommand,
  trainCommand,
  finetuneCommand,
  predictCommand,
  evaluateCommand,
  generateCommand,
  sampleCommand,
  programCommand,
  drawCommand,
  linkCommand,
  dedupCommand,
  aggregateCommand,
  classifyCommand,
  exportCommand,
  compressCommand,
  pruneCommand,
  convertCommand,
  runsCommand,
  reportCommand,
  siteCommand,
  serveCommand,
  doctorCommand,
  completionCommand(() => commands),
];
