import { defaultRuntime, setDevice } from "@quire/tensor";
import type { Console } from "./console.ts";
import {
  choice,
  flag,
  type OptionTable,
  readValues,
  type Values,
  whole,
  withDefault,
} from "./option.ts";

/** What a command is run with beside its own arguments and options. */
export interface Context {
  readonly console: Console;
  /** The command line, for the record. */
  readonly words: readonly string[];
  /**
   * Says that the command ends in order when it is interrupted: the signal then comes instead of the end of
   * the process.
   */
  interruptible(): AbortSignal;
  /** Says that the process is to end with the code of a failure, though there is a result. */
  fail(): void;
}

/** An argument of a command, such as PAPER. */
export interface Argument {
  readonly name: string;
  readonly summary: string;
  /** Whether it may be left out. */
  readonly optional?: boolean;
  /** Whether it takes all words that are left. */
  readonly rest?: boolean;
}

/** Options that every command has. */
export const sharedOptions = {
  seed: withDefault(whole("Seed of all random draws", { from: 0, to: 2 ** 32 - 1 }), 0),
  device: choice(
    "Where to compute; what QUIRE_DEVICE says, else cpu, unless said",
    ["cpu", "webgpu", "cuda"],
    { guess: false },
  ),
  json: flag("Print the result as JSON on standard output, all else on standard error"),
  quiet: flag("Leave out progress and notes"),
};

/** A command as data: the parser, the help and the types of its options come from it. */
export interface Command<T extends OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options: T;
  readonly examples: readonly string[];
  /** Whether it computes on the device: one that is absent is then told of before anything is read or made. */
  readonly computes?: boolean;
  run(
    given: readonly string[],
    options: Values<T> & Values<typeof sharedOptions>,
    context: Context,
  ): Promise<void>;
}

/** A command whose options are read when it runs. */
export interface AnyCommand extends Omit<Command<OptionTable>, "run"> {
  /** The command with the options that it has for the words after its name: those of a paper or a run. */
  resolve?(words: readonly string[]): AnyCommand | Promise<AnyCommand>;
  run(
    given: readonly string[],
    raw: Readonly<Record<string, unknown>>,
    context: Context,
  ): Promise<void>;
}

/** Turns a command into one that reads its own options. */
export function command<T extends OptionTable>(spec: Command<T>): AnyCommand {
  return {
    ...spec,
    run: async (given, raw, context) => {
      const options = readValues({ ...spec.options, ...sharedOptions }, raw, spec.name);
      const { device } = readValues(sharedOptions, raw, spec.name);
      if (device !== undefined) setDevice(device);
      if (spec.computes) await defaultRuntime();
      return spec.run(given, options as Values<T> & Values<typeof sharedOptions>, context);
    },
  };
}
