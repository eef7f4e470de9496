import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type EnvironmentName,
  type EnvironmentOptions,
  environmentNames,
  environments,
  type MakeEnvironment,
  OwnEnvironments,
  type SideBySide,
  type VectorEnvironment,
} from "@quire/data";
import type { ControlModelDescription, MakeEnvironments } from "@quire/papers";
import { UsageError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** Environments that a user named. */
export interface ChosenEnvironment {
  /** As a user names it, with its numbers: `t-maze:length=20`. */
  readonly text: string;
  readonly make: MakeEnvironments;
  /** What is seen and done in them. */
  readonly spaces: Pick<VectorEnvironment, "observationSpace" | "actionSpace">;
  /** A text that differs where the environments differ. */
  readonly fingerprint: string;
  /** How many steps back something stands that has to be remembered, where that is known. */
  readonly reach?: number;
}

/** How environments are named, for the help. */
export const environmentHelp = `${environmentNames.join(", ")}, with numbers as in t-maze:length=20, or a JavaScript file that exports make()`;

/**
 * The environments that a text names: one of ours with its numbers, or a user's own file.
 *
 * @throws UsageError when there are none; DataError when they cannot be made so.
 */
export async function chosenEnvironment(text: string): Promise<ChosenEnvironment> {
  return /\.[cm]?js$/i.test(text) ? await ownEnvironment(text) : knownEnvironment(text);
}

function knownEnvironment(text: string): ChosenEnvironment {
  const [name = "", ...rest] = text.split(":");
  const known = environmentNames.find((each) => each === name);
  if (!known) {
    const all = `use ${environmentNames.join(", ")}, or a file that ends in .js.`;
    throw new UsageError(
      `there is no environment "${name}"${suggestion(name, environmentNames, all)}`,
    );
  }
  const options = optionsIn(known, rest.join(":"));
  const make = (sideBySide: SideBySide): VectorEnvironment =>
    environments(known, options, sideBySide);
  const spaces = make({ count: 1, seed: 0 });
  const { length } = options;
  return {
    ...{ text, make, spaces, fingerprint: fingerprintOf(known, JSON.stringify(options)) },
    ...(known === "t-maze" && length !== undefined && { reach: length }),
  };
}

/** Reads `length=20,limit=90`. */
function optionsIn(name: EnvironmentName, text: string): EnvironmentOptions {
  if (text === "") return {};
  const pairs = text.split(",").map((pair) => {
    const [, option, value] = /^\s*([\w-]+)\s*=\s*(\d+)\s*$/.exec(pair) ?? [];
    if (option !== undefined) return [option, Number(value)] as const;
    throw new UsageError(
      `"${pair}" is no number of the environment ${name}: write it as in t-maze:length=20.`,
    );
  });
  return Object.fromEntries(pairs);
}

async function ownEnvironment(path: string): Promise<ChosenEnvironment> {
  if (!existsSync(path)) throw new UsageError(`the environment's file "${path}" does not exist.`);
  const module = await loaded(path);
  const { make: own } = module;
  if (typeof own !== "function") {
    throw new UsageError(
      `"${path}" exports no function make: export function make() that gives an environment with observationSpace, actionSpace, reset(seed) and step(action).`,
    );
  }
  const make = (sideBySide: SideBySide): VectorEnvironment =>
    new OwnEnvironments(path, own as MakeEnvironment, sideBySide);
  const spaces = make({ count: 1, seed: 0 });
  return { text: path, make, spaces, fingerprint: fingerprintOf(readFileSync(path)) };
}

async function loaded(path: string): Promise<{ readonly make?: unknown }> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as { readonly make?: unknown };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the environment's file "${path}" cannot be loaded: ${said}`, { cause });
  }
}

/**
 * Finds out whether an agent can act in environments.
 *
 * @throws UsageError when it was made for another number of observations or actions.
 */
export function requireFitting(
  { target, environment }: ControlModelDescription,
  { text, spaces }: ChosenEnvironment,
): void {
  const seen = spaces.observationSpace.shape.reduce((size, side) => size * side, 1);
  const { count } = spaces.actionSpace;
  if (seen === target.observation && count === target.actions) return;
  throw new UsageError(
    `${text} shows ${seen} numbers and takes ${count} actions; the run learnt in ${environment}, with ${target.observation} and ${target.actions}: choose an environment like that one.`,
  );
}
