import { existsSync, readdirSync } from "node:fs";
import { type AnyCommand, command, sharedOptions } from "../command.ts";
import { UsageError } from "../errors.ts";
import { flagOf } from "../option.ts";
import { paperIds } from "../papers.ts";
import { RUNS } from "../run-folder.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** Asks the command itself what may come next, so that papers, runs and their options are known. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `_quire() {
  local IFS=$'\\n'
  COMPREPLY=($(quire completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -o filenames -F _quire quire`,
  zsh: `#compdef quire
_quire() {
  local -a found
  found=(\${(f)"$(quire completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _quire quire`,
  fish: `complete -c quire -f -a '(quire completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c quire -F`,
};

/** Prints a script that completes the command's words; the script calls it again for the words. */
export function completionCommand(commands: () => readonly AnyCommand[]): AnyCommand {
  return command({
    name: "completion",
    summary: "Print a script that completes words of quire in a shell: bash, zsh or fish",
    arguments: [
      { name: "SHELL", summary: "bash, zsh or fish" },
      {
        name: "WORDS",
        summary: "Words to complete; the scripts use it",
        optional: true,
        rest: true,
      },
    ],
    options: {},
    examples: [
      'eval "$(quire completion bash)"',
      "quire completion fish > ~/.config/fish/completions/quire.fish",
    ],
    run: async ([shell = "", ...words], _options, { console }) => {
      if (shell === "words") {
        console.print((await completions(commands(), words)).join("\n"));
        return;
      }
      const script = scripts[shell as Shell];
      if (script === undefined) {
        throw new UsageError(`completion knows ${shells.join(", ")}, not "${shell}".`);
      }
      console.print(script);
    },
  });
}

/** What may stand in place of the last word, after the words before it. */
export async function completions(
  commands: readonly AnyCommand[],
  words: readonly string[],
): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const [name, ...before] = words.slice(0, -1);
  const found =
    name === undefined
      ? commands.map((known) => known.name)
      : await after(commands, name, before, last);
  return found.filter((word) => word.startsWith(last)).sort();
}

async function after(
  commands: readonly AnyCommand[],
  name: string,
  before: readonly string[],
  last: string,
): Promise<string[]> {
  const known = commands.find((one) => one.name === name);
  if (!known) return [];
  if (last.startsWith("-")) {
    const resolved = await Promise.resolve(known.resolve?.(before)).catch(() => undefined);
    const { options } = resolved ?? known;
    return Object.keys({ ...options, ...sharedOptions }).map(flagOf);
  }
  const place = before.filter((word) => !word.startsWith("-")).length;
  const argument = known.arguments[place]?.name;
  if (argument === "PAPER") return paperIds();
  if (argument?.startsWith("RUN")) return existsSync(RUNS) ? readdirSync(RUNS) : [];
  return [];
}
