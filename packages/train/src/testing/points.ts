import { Dropout, initialize, Linear, type Mode, Module } from "@quire/nn";
import { type HostTensor, hostTensor, Random, relu, type Tensor } from "@quire/tensor";
import type { Traced } from "../loop/traced.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";

/** Points of a plane and their class. */
export interface Points {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

/** A classifier of points with dropout. */
export class PointClassifier extends Module {
  readonly hidden = new Linear({ in: 2, out: 16 });
  readonly dropout = new Dropout(0.1);
  readonly head = new Linear({ in: 16, out: 2 });

  constructor(seed = 1) {
    super();
    initialize(this, seed);
  }

  forward(x: Tensor, mode?: Mode): Tensor {
    return this.head.forward(this.dropout.forward(relu(this.hidden.forward(x)), mode));
  }

  loss(batch: Traced<Points>, mode?: Mode): Tensor {
    return crossEntropy(this.forward(batch.x, mode), batch.y);
  }
}

/** Ten batches of an epoch, from one on: whether two numbers have the same sign. */
export function* pointBatches(epoch: number, start: number): Generator<Points> {
  for (let batch = start; batch < 10; batch++) {
    const random = new Random(100 * epoch + batch);
    const x = Array.from({ length: 2 * 16 }, () => random.normal());
    const y = Array.from({ length: 16 }, (_, i) =>
      Number((x[2 * i] as number) * (x[2 * i + 1] as number) > 0),
    );
    yield { x: hostTensor(x, [16, 2]), y: hostTensor(y, [16], "int32") };
  }
}
