// B rows, T steps, D width

import { initialize } from "@quire/nn";
import {
  compile,
  div,
  hostTensor,
  Random,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";
import { Block } from "./block.ts";
import type { GateKind } from "./gates.ts";

/** How far a stack of blocks that has learnt nothing is from the identity. */
export interface IdentityError {
  /** b_g; nothing where blocks are joined by sums. */
  readonly bias: number | undefined;
  /** ‖f(x) - x‖ / ‖x‖ */
  readonly error: number;
}

/** Which stacks are measured. */
export interface IdentityOptions {
  readonly biases: readonly number[];
  readonly seed: number;
  readonly depth: number;
}

const WIDTH = 64;
const [ROWS, STEPS, MEMORY] = [4, 16, 16];

/** The errors of gated stacks, one a bias, and of the stack joined by sums (TrXL-I) last. */
export async function identityErrors({
  biases,
  seed,
  depth,
}: IdentityOptions): Promise<readonly IdentityError[]> {
  const errors: IdentityError[] = [];
  for (const bias of [...biases, undefined]) {
    const kind = bias === undefined ? "addition" : "gru";
    errors.push({ bias, error: await errorOf({ kind, bias, seed, depth }) });
  }
  return errors;
}

async function errorOf(given: {
  readonly kind: GateKind;
  readonly bias: number | undefined;
  readonly seed: number;
  readonly depth: number;
}): Promise<number> {
  const { kind, bias, seed, depth } = given;
  const blocks = Array.from({ length: depth }, (_, place) => {
    const block = new Block({
      ...{ width: WIDTH, heads: { count: 4, width: 16 }, feedForward: 2 * WIDTH },
      ...{ memory: MEMORY, norm: "input", gate: kind },
      ...(bias !== undefined && { gateBias: bias }),
    });
    initialize(block, 100 * seed + place);
    return block;
  });
  const run = compile((x: Tensor, memory: Tensor, mask: Tensor) => {
    const y = blocks.reduce((stream, block) => block.forward(stream, memory, mask), x);
    return sqrt(div(sum(square(sub(y, x))), sum(square(x))));
  });
  const random = new Random(seed).fork("identity");
  const drawn = (steps: number) =>
    hostTensor(
      new Float32Array(ROWS * steps * WIDTH).map(() => random.normal()),
      [ROWS, steps, WIDTH],
    );
  const seen = new Uint8Array(ROWS * STEPS * (MEMORY + STEPS)).fill(1);
  const mask = hostTensor(seen, [ROWS, 1, STEPS, MEMORY + STEPS], "bool");
  const error = (await run(drawn(STEPS), drawn(MEMORY), mask)).item();
  await run.release();
  return error;
}
