// B batch, L context, H horizon, C channels, D width, O forecast channels

import { inference, Linear, Lstm, type Mode, Module, TimeFeatures } from "@quire/nn";
import { add, dims, reshape, slice, type Tensor } from "@quire/tensor";
import type { Forecaster, ForecastInputs, ForecastTarget } from "../tasks/forecast-target.ts";

/** The paper's recurrent baseline: an LSTM reads the past, and its last state says the whole future. */
export class LstmForecaster extends Module implements Forecaster {
  readonly values: Linear;
  readonly times: TimeFeatures;
  readonly lstm: Lstm;
  readonly projection: Linear;
  readonly target: ForecastTarget;

  constructor(
    {
      width,
      depth,
      dropout,
    }: { readonly width: number; readonly depth: number; readonly dropout: number },
    target: ForecastTarget,
  ) {
    super();
    this.values = new Linear({ in: target.channels, out: width });
    this.times = new TimeFeatures({ width, unit: target.unit });
    this.lstm = new Lstm({ in: width, width, depth, dropout });
    this.projection = new Linear({ in: width, out: target.horizon * target.outputs });
    this.target = target;
  }

  /** `[B, L, C], [B, L + H, 8] -> [B, H, O]` */
  forward({ past, calendar }: ForecastInputs, mode: Mode = inference): Tensor {
    const { context, horizon, outputs } = this.target;
    const { B } = dims(past, "B L C");
    const times = this.times.forward(slice(calendar, [0], [context], { axes: [1] }));
    const read = this.lstm.forward(add(this.values.forward(past), times), mode);
    const last = slice(read, [context - 1], [context], { axes: [1] });
    return reshape(this.projection.forward(last), [B, horizon, outputs]);
  }
}
