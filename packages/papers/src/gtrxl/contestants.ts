import { countParameters } from "@quire/nn";
import { type AgentOptions, build, type GtrxlOptions } from "./model.ts";

/** What an experiment is made for: its environment's numbers, and how far back must be seen. */
export interface ContestantSizes {
  readonly observation: number;
  readonly actions: number;
  readonly memoryLength: number;
  readonly depth: number;
}

/** A system that takes part in the experiments, with the paper's own figure for it. */
export interface Contestant {
  readonly name: string;
  readonly options: AgentOptions;
  readonly figure?: string;
}

/** The width of GTrXL; the others are as wide as gives them as many parameters. */
const WIDTH = 32;
const HEAD = 16;

/// The figures: mean human-normalised scores on DMLab-30, table 1.
const figures = { gtrxl: "117.6", trxlI: "107.0", trxl: "5.0", lstm: "99.3" } as const;

/** GTrXL, TrXL-I, TrXL and an LSTM of as many parameters, as nearly as widths allow. */
export function contestants(sizes: ContestantSizes): readonly Contestant[] {
  const { memoryLength, depth } = sizes;
  const gated: GtrxlOptions = { width: WIDTH, depth, heads: WIDTH / HEAD, memoryLength };
  const wanted = parametersOf(gated, sizes);
  const summed = nearest(wanted, sizes, (width) => ({
    ...{ ...gated, width: 2 * width, heads: { count: 2, width } },
    gate: "addition",
  }));
  const stream = { ...(summed as GtrxlOptions), norm: "stream" } as const;
  const lstm = nearest(wanted, sizes, (width) => ({ recurrent: "lstm", width, depth: 1 }));
  return [
    { name: "GTrXL", options: gated, figure: figures.gtrxl },
    { name: "TrXL-I", options: summed, figure: figures.trxlI },
    { name: "TrXL", options: stream, figure: figures.trxl },
    { name: "LSTM", options: lstm, figure: figures.lstm },
  ];
}

/** How many parameters an agent has. */
export function parametersOf(options: AgentOptions, target: ContestantSizes): number {
  return countParameters(build(options, target));
}

/** The options whose number of parameters is nearest. */
function nearest(
  wanted: number,
  sizes: ContestantSizes,
  of: (width: number) => AgentOptions,
): AgentOptions {
  let [best, distance] = [of(2), Number.POSITIVE_INFINITY];
  for (let width = 2; width < 256; width += 2) {
    const options = of(width);
    const off = Math.abs(parametersOf(options, sizes) - wanted);
    if (off > distance) break;
    [best, distance] = [options, off];
  }
  return best;
}
