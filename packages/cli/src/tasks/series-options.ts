import type { ForecastingOptions } from "@quire/data";

/** How series are read from a table, as a run's options say it. */
export function seriesOptions(given: {
  readonly target?: readonly string[] | undefined;
  readonly covariates?: readonly string[] | undefined;
  readonly known?: readonly string[] | undefined;
  readonly time?: string | undefined;
  readonly series?: string | undefined;
  readonly irregular?: boolean;
}): ForecastingOptions {
  const { target, covariates, known, time, series, irregular } = given;
  return {
    ...(target && { targets: target }),
    ...(covariates && { past: covariates }),
    ...(known && { known }),
    ...(time !== undefined && { time }),
    ...(series !== undefined && { series }),
    ...(irregular && { irregular }),
  };
}
