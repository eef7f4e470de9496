import { CommanderError, Command as Parser } from "commander";
import { type AnyCommand, sharedOptions } from "./command.ts";
import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest.ts";
import { flagOf } from "./option.ts";

/** What a parsed command line asks for; nothing where it only asked for help. */
export interface Call {
  readonly command: AnyCommand;
  readonly given: readonly string[];
  readonly raw: Readonly<Record<string, unknown>>;
}

const WIDTH = 100;

/**
 * Parses a command line; help and version are printed at once.
 *
 * @throws UsageError for what no command takes.
 */
export async function parse(
  known: readonly AnyCommand[],
  words: readonly string[],
  version: string,
): Promise<Call | undefined> {
  let call: Call | undefined;
  const commands = await resolved(known, words);
  const program = new Parser("quire")
    .description("Transformer papers that run: train, predict, export, and measure their claims.")
    .version(version, "-V, --version", "Print the version")
    .helpOption("-h, --help", "Print this help")
    .helpCommand(false)
    .configureOutput({ getOutHelpWidth: () => WIDTH, writeErr: () => undefined })
    .exitOverride((error) => refuse(error, undefined, commands));
  for (const command of commands) {
    addCommand(program, command, (found) => {
      call = found;
    }).exitOverride((error) => refuse(error, command, commands));
  }
  if (words.length === 0) {
    program.outputHelp();
    return undefined;
  }
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  return call;
}

/** The commands, the one that the words name with the options that it has for them. */
async function resolved(
  commands: readonly AnyCommand[],
  [name, ...words]: readonly string[],
): Promise<readonly AnyCommand[]> {
  return await Promise.all(
    commands.map(async (command) => {
      return command.name === name && command.resolve ? await command.resolve(words) : command;
    }),
  );
}

function addCommand(program: Parser, command: AnyCommand, found: (call: Call) => void): Parser {
  const { name, summary, examples } = command;
  const parser = program
    .command(name)
    .description(summary)
    .helpOption("-h, --help", "Print this help")
    .allowExcessArguments(false)
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
  for (const argument of command.arguments) {
    const { name: word, optional, rest } = argument;
    const title = rest ? `${word}...` : word;
    parser.argument(optional ? `[${title}]` : `<${title}>`, argument.summary);
  }
  for (const [key, option] of Object.entries({ ...command.options, ...sharedOptions })) {
    const value = option.value === undefined ? "" : ` <${option.value}>`;
    const must = option.absent === "required" ? " (needed)" : "";
    const text = option.summary + must;
    if (option.many) parser.option(flagOf(key) + value, text, collected);
    else parser.option(flagOf(key) + value, text);
  }
  return parser.action((...parts: unknown[]) => {
    const given = parts.slice(0, command.arguments.length).flat().filter(isText);
    found({ command, given, raw: parser.opts() });
  });
}

function isText(part: unknown): part is string {
  return typeof part === "string";
}

function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Says what was wrong in our own words. */
function refuse(
  error: CommanderError,
  command: AnyCommand | undefined,
  commands: readonly AnyCommand[],
): never {
  if (error.exitCode === 0) throw error;
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  throw new UsageError(sentence(error, word, command, commands), { cause: error });
}

function sentence(
  error: CommanderError,
  word: string,
  command: AnyCommand | undefined,
  commands: readonly AnyCommand[],
): string {
  const names = commands.map(({ name }) => name);
  const place = command ? ` for ${command.name}` : "";
  const help = `see "quire${command ? ` ${command.name}` : ""} --help".`;
  switch (error.code) {
    case "commander.unknownCommand":
      return `unknown command ${word}${suggestion(word, names, help)}`;
    case "commander.unknownOption":
      return `unknown option ${word}${place}${suggestion(word, flagsOf(command), help)}`;
    case "commander.missingArgument":
      return `${usage(command)} needs ${command?.arguments.map(({ name }) => name).join(" and ")}; ${help}`;
    case "commander.optionMissingArgument":
      return `option ${word.split(" ")[0]}${place} needs a value: ${word.replace(/[<>]/g, "")}.`;
    case "commander.excessArguments":
      return `too many arguments${place}: it takes ${taken(command)}; ${help}`;
    default:
      return `${error.message.replace(/^error: /, "")}; ${help}`;
  }
}

function usage(command: AnyCommand | undefined): string {
  return command?.name ?? "quire";
}

function taken(command: AnyCommand | undefined): string {
  const names = command?.arguments.map(({ name }) => name) ?? [];
  return names.length === 0 ? "none" : `only ${names.join(" and ")}`;
}

function flagsOf(command: AnyCommand | undefined): string[] {
  if (!command) return ["--help", "--version"];
  return [...Object.keys({ ...command.options, ...sharedOptions }).map(flagOf), "--help"];
}
