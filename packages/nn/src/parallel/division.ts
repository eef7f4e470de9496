// P processes, B batch, T length, D width

import {
  add,
  type Collectives,
  constant,
  copyToGroup,
  gatherOverGroup,
  hostTensor,
  QuireError,
  Random,
  scatterOverGroup,
  sumOverGroup,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import type { Mode } from "../module.ts";

/** How processes divide a model. */
export interface DivisionOptions {
  /** Whether they divide the positions too, where nothing else is divided; false unless said. */
  readonly sequence?: boolean;
}

/**
 * Processes that divide the heads and hidden units of a model (Shoeybi et al. 2019, section 3), and, if asked, the
 * positions in between (Korthikanti et al. 2022, section 4.2.2).
 */
export class Division {
  readonly group: Collectives;
  /** Whether positions are divided between the blocks. */
  readonly sequence: boolean;

  constructor(group: Collectives, { sequence = false }: DivisionOptions = {}) {
    this.group = group;
    this.sequence = sequence && group.size > 1;
  }

  /**
   * A process's share of something that must divide evenly.
   *
   * @throws QuireError when it does not.
   */
  share(count: number, what: string): number {
    const { size } = this.group;
    if (count % size === 0) return count / size;
    throw new QuireError(
      `${count} ${what} do not divide among ${size} processes; take a number of processes that divides them.`,
    );
  }

  /** Into work that is divided: f, or with divided positions the gathering of them. `[B, T (/ P), D] -> [B, T, D]` */
  enter(x: Tensor): Tensor {
    return this.sequence ? gatherOverGroup(x, this.group, 1) : copyToGroup(x, this.group);
  }

  /** Out of it: the sum, g, or a part of its positions. `[B, T, D] -> [B, T (/ P), D]` */
  leave(x: Tensor): Tensor {
    return this.sequence ? scatterOverGroup(x, this.group, 1) : sumOverGroup(x, this.group);
  }

  /** A parameter that all processes hold alike; where each uses it on its own positions, gradients are summed. */
  held(parameter: Variable): Tensor {
    return this.sequence ? copyToGroup(parameter, this.group) : parameter.tensor;
  }

  /** The mode whose random draws differ from process to process, for values that are divided. */
  apart(mode: Mode): Mode {
    const { random } = mode;
    const { rank } = this.group;
    if (!random || rank === 0) return mode;
    const moves = new Random(rank).fork("division");
    const words = constant(hostTensor([moves.bits() | 0, moves.bits() | 0], [2], "int32"));
    return { ...mode, random: { next: () => add(random.next(), words) } };
  }

  /** The mode between the blocks, where values are divided only if positions are. */
  between(mode: Mode): Mode {
    return this.sequence ? this.apart(mode) : mode;
  }
}

const single: Collectives = {
  rank: 0,
  size: 1,
  allReduce: () => undefined,
  allGather: (part, whole) => whole.set(part),
  reduceScatter: (whole, part) => part.set(whole),
};

/** One process that has all of it. */
export const undivided = new Division(single);
