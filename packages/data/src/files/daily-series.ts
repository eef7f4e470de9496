import { Table } from "../tables/table.ts";
import { type ForecastingData, forecasting } from "../tasks/forecasting.ts";
import { readRPackage } from "./r-package.ts";

/**
 * Riders of Chicago's elevated trains a day, all and at twenty stations (R package modeldata; MIT).
 *
 * @throws DataError when the package is missing.
 */
export async function chicagoRiders(): Promise<ForecastingData> {
  const table = await readRPackage("modeldata", "Chicago");
  const [all, ...rest] = table.columns.map(({ name }) => name);
  return forecasting(table, { targets: [all as string, ...rest.slice(0, 20)] });
}

/**
 * Mean wind a day at twelve Irish stations from 1961 to 1978 (R package gstat; GPL-2 or later).
 *
 * @throws DataError when the package is missing.
 */
export async function irishWind(): Promise<ForecastingData> {
  const table = await readRPackage("gstat", "wind");
  const [year, month, day] = ["year", "month", "day"].map((name) => table.numbers(name));
  const values = Float64Array.from({ length: table.rows }, (_, row) =>
    Date.UTC(1900 + Number(year?.[row]), Number(month?.[row]) - 1, Number(day?.[row])),
  );
  const stations = table.columns.slice(3);
  const columns = [{ name: "date", kind: "date", values } as const, ...stations];
  return forecasting(new Table({ ...table, columns, place: (row) => table.place(row) }), {
    targets: stations.map(({ name }) => name),
  });
}
