import type { Draw } from "@quire/site";
import { curvesOf, systemTable } from "./experiment-report.ts";
import { figureBody } from "./figures.ts";

/** Draws what was measured for the pages as reports do. */
export const siteDraw: Draw = { figure: figureBody, systems: systemTable, curves: curvesOf };
