import type { Module } from "@quire/nn";
import type { ExportInput, Tensor, Tree } from "@quire/tensor";
import type { ModelDescription } from "./paper.ts";

/** A paper's system with all that is known of it: it can be built again, run and exported. */
export interface System<Description extends ModelDescription = ModelDescription> {
  readonly model: Module;
  /** Plain data from which the task builds it again. */
  readonly description: Description;
  /** What a file written of it computes. */
  readonly exported: ExportedFunction;
  /** Files that belong to it beside its weights, by name: a tokenizer's for one. */
  readonly files?: SystemFiles | Promise<SystemFiles>;
  /** Gives back the memory of what it compiled. */
  release(): Promise<void>;
}

/** Files by their names. */
export type SystemFiles = Readonly<Record<string, string | Uint8Array>>;

/** A function that is written as a file, with the names it has there. */
export interface ExportedFunction {
  run(...inputs: Tensor[]): Tree<Tensor>;
  /** The inputs in their order; a name in a shape is a size that may be any. */
  readonly inputs: Readonly<Record<string, ExportInput>>;
  /** The outputs in their order, with their shapes for people to read. */
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  /** Notes that the file carries: what goes in, what comes out. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Three values for a free size that cannot be any number. */
  readonly samples?: Readonly<Record<string, readonly [number, number, number]>>;
}
