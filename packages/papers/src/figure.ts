/** A picture as data; reports and pages draw it. */
export type Figure = {
  readonly title: string;
  /** What is seen on it, as a sentence. */
  readonly caption?: string;
} & (Lines | HeatMap | Pixels | Drawing | Words);

/** Lines or points over an axis. */
export interface Lines {
  readonly kind: "lines";
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
}

/** What an axis shows. */
export interface Axis {
  readonly title: string;
  /** Linear unless said; `time` counts milliseconds since 1970. */
  readonly scale?: "linear" | "log" | "time";
}

/** Points in the order in which a line joins them. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A line unless said. */
  readonly mark?: "line" | "points" | "dashes";
  /** A band around the line: each point's low and high. */
  readonly band?: readonly (readonly [low: number, high: number])[];
}

/** Numbers as colours, row by row: attention weights, confusions. */
export interface HeatMap {
  readonly kind: "heat";
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `[rows][columns]` */
  readonly values: readonly (readonly number[])[];
}

/** A picture of bytes. */
export interface Pixels {
  readonly kind: "pixels";
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity, `[height * width * 4]`. */
  readonly bytes: Uint8ClampedArray;
}

/** A picture of lines: the text of an SVG element. */
export interface Drawing {
  readonly kind: "svg";
  readonly svg: string;
}

/** A text to read: a sample, a program. */
export interface Words {
  readonly kind: "text";
  readonly text: string;
}
