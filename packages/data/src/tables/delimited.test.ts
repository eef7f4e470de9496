import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseDelimited } from "./delimited.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string, options = {}) => parseDelimited(bytes(text), "t.csv", options);
const kindsOf = (text: string, options = {}) =>
  read(text, options).columns.map(({ name, kind }) => `${name}: ${kind}`);

test("kinds are inferred, values read and missing ones kept", () => {
  const table = read(
    'day,price,count,open,shop,note\n2024-01-31,1.5,3,true,a,"one, ""two"""\n2024-02-01,NA,,false,b,x\n' +
      "2024-02-02T06:30,-2e3,5,,a,y\n2024-02-03,.25,6,true,b,z\n",
  );
  expect(table.columns).toEqual([
    {
      name: "day",
      kind: "date",
      values: Float64Array.of(
        Date.UTC(2024, 0, 31),
        Date.UTC(2024, 1, 1),
        Date.UTC(2024, 1, 2, 6, 30),
        Date.UTC(2024, 1, 3),
      ),
    },
    { name: "price", kind: "number", values: Float64Array.of(1.5, Number.NaN, -2000, 0.25) },
    { name: "count", kind: "integer", values: Float64Array.of(3, Number.NaN, 5, 6) },
    { name: "open", kind: "boolean", values: Float64Array.of(1, 0, Number.NaN, 1) },
    { name: "shop", kind: "category", codes: Int32Array.of(0, 1, 0, 1), categories: ["a", "b"] },
    { name: "note", kind: "text", texts: ['one, "two"', "x", "y", "z"] },
  ]);
  expect(table.format).toBe('CSV with "," between fields');
});

test("byte-order marks, line ends, encodings and delimiters are found out", () => {
  const rows = "name;größe\r\nx;1,5\r\ny;1.234,25\r\n";
  const utf16 = Uint8Array.from([
    0xff,
    0xfe,
    ...new Uint8Array(Uint16Array.from([...rows].map((c) => c.charCodeAt(0))).buffer),
  ]);
  const latin = Uint8Array.from([...rows].map((c) => c.charCodeAt(0)));
  for (const table of [
    read(`\uFEFF${rows}`),
    read(rows.replaceAll("\r\n", "\r")),
    parseDelimited(utf16, "t.csv"),
    parseDelimited(latin, "t.csv", { encoding: "windows-1252" }),
  ]) {
    expect(table.columns[1]).toEqual({
      name: "größe",
      kind: "number",
      values: Float64Array.of(1.5, 1234.25),
    });
  }
  expect(read(rows).format).toBe('CSV with ";" between fields, decimal commas');
  expect(read("a\tb\n1\tx y\n2\tz").columns[1]).toEqual({
    name: "b",
    kind: "text",
    texts: ["x y", "z"],
  });
  expect(() => parseDelimited(latin, "t.csv")).toThrow(
    new DataError(
      't.csv, line 1: the text is not UTF-8: save the file as UTF-8, or name its encoding, such as "windows-1252".',
    ),
  );
  expect(() => read("a\n1", { encoding: "klingon" })).toThrow(
    new DataError(
      'the encoding "klingon" is unknown: use utf-8, utf-16le, windows-1252 or another name of the Encoding standard.',
    ),
  );
});

test("what looks like a number but is a name stays a text", () => {
  expect(
    kindsOf(
      'zip,id,n,thousands,inf\n00123,12345678901234567890,1,"1,234",inf\n00124,2,2,"12,345.5",-Infinity',
    ),
  ).toEqual(["zip: text", "id: text", "n: integer", "thousands: number", "inf: number"]);
  expect(kindsOf("zip\n00123", { kinds: { zip: "integer" }, delimiter: "," }).length === 0).toBe(
    false,
  );
});

test("dates with slashes are read in the order that a value shows, and stay texts where none does", () => {
  const day = (text: string, options = {}) => read(text, options).columns[0];
  const expected = {
    name: "d",
    kind: "date",
    values: Float64Array.of(Date.UTC(2024, 0, 31), Date.UTC(2024, 1, 3)),
  };
  expect(day("d\n31/01/2024\n03/02/2024")).toEqual(expected);
  expect(day("d\n01/31/2024\n02/03/2024")).toEqual(expected);
  expect(day("d\n31.1.2024\n3.2.2024 00:00")).toEqual(expected);
  expect(day("d\n01/02/2024\n02/03/2024")?.kind).toBe("text");
  expect(day("d\n01/02/2024\n02/03/2024", { dateOrder: "day-first" })?.kind).toBe("date");
  expect(() => day("d\n01/02/2024", { kinds: { d: "date" } })).toThrow(
    new DataError(
      't.csv, line 2, column "d": "01/02/2024" is not a date: its day and month can be read in two orders: set ' +
        'dateOrder to "day-first" or "month-first".',
    ),
  );
  expect(day("d\n2024-02-30\n2024-02-01")?.kind).toBe("text");
});

test("a kind guessed from the first rows gives way to later ones", () => {
  const many = Array.from({ length: 60_000 }, (_, i) => `${i},${i % 3}`);
  const table = read(["a,b", ...many, "x,9"].join("\n"));
  expect(table.columns.map(({ kind }) => kind)).toEqual(["text", "integer"]);
  expect(table.texts("a").slice(-2)).toEqual(["59999", "x"]);
  expect(table.numbers("b").at(-1)).toBe(9);
});

test("rows are the same wherever the text is cut for parsing", () => {
  const cells = Array.from({ length: 6000 }, (_, i) => [
    ` ${i}`,
    "x".repeat(i % 23),
    i % 7 === 0 ? `"${'a, ""b""\n'.repeat(1 + (i % 5))}"` : "é".repeat(1 + (i % 4)),
  ]);
  // One field longer than several of the parser's parts.
  const long = `"${"line, and line\n".repeat(9000)}"`;
  cells.splice(3000, 0, [" 3000.5", "", long]);
  const plain = (cell: string) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
  const table = read(`a\tb\tc\r\n${cells.map((row) => row.join("\t")).join("\r\n")}`, {
    kinds: { a: "text", b: "text", c: "text" },
    delimiter: "\t",
  });
  for (const [column, name] of ["a", "b", "c"].entries()) {
    const wanted = cells.map((row) => plain(row[column] as string) || undefined);
    expect(table.texts(name)).toEqual(wanted);
  }
  const lines = cells.map((row) => 1 + (row[2] as string).split("\n").length - 1);
  const first = lines.slice(0, 5000).reduce((sum, count) => sum + count, 2);
  expect(table.place(5000)).toBe(`line ${first}`);
});

test("rows are named by the line on which they begin", () => {
  const table = read('a,b\n"1\n2",x\n\ny,z\nu,v\n');
  expect([0, 1, 2].map((row) => table.place(row))).toEqual(["line 2", "line 5", "line 6"]);
  expect(table.select([2, 0]).place(0)).toBe("line 6");
});

const refusals: readonly (readonly [string, object, string])[] = [
  ["", {}, "t.csv is empty: give it a line of names and rows."],
  ["\uFEFF \n\n", {}, "t.csv is empty: give it a line of names and rows."],
  ["a,b\n", {}, "t.csv holds a line of names but no rows: add rows below it."],
  [
    "a,b\n1,2\n3\n",
    {},
    't.csv, line 3: the line has 1 field, but the table has 2 columns: correct the line, or put fields that hold a "," in quotes.',
  ],
  [
    "a\tb\n1\t2\t3\n",
    {},
    "t.csv, line 2: the line has 3 fields, but the table has 2 columns: correct the line, or put fields that hold a tab in quotes.",
  ],
  ["a,,b\n1,2,3\n", {}, "t.csv, line 1: column 2 of 3 has no name: give every column a name."],
  [
    "a,b, a\n1,2,3\n",
    {},
    't.csv, line 1: columns 1 and 3 are both called "a": rename one of them.',
  ],
  [
    'a,b\n1,2\n"x,2\n3,4\n',
    {},
    "t.csv, line 3: a quote is opened but never closed: close it, and double each quote that stands inside a quoted field.",
  ],
  [
    'a,b\n"x"y,2\n"z",1\n',
    {},
    "t.csv, line 2: text follows a quote that is closed: close it, and double each quote that stands inside a quoted field.",
  ],
  [
    "a,b\n1,x\n2.5,x\n",
    { kinds: { a: "integer" } },
    't.csv, line 3, column "a": "2.5" is not a whole number: correct the value, or set another kind for the column.',
  ],
  [
    "price,day\n1,2024-01-01\n",
    { kinds: { prize: "number" } },
    't.csv has no column "prize"; did you mean "price"?',
  ],
  [
    "price,day\n1,2024-01-01\n",
    { kinds: { price: "numbr" } },
    'no kind of column is called "numbr"; did you mean "number"?',
  ],
];

test.each(refusals)("refuses %j", (text, options, message) => {
  expect(() => read(text, options)).toThrow(new DataError(message));
});

test("columns are found by name, and refused by kind or by a value that is not there", () => {
  const table = read(
    "day,price,shop\n2024-01-01,1,a\n2024-01-02,,b\n2024-01-03,inf,a\n2024-01-04,4,b",
  );
  const asked: readonly (readonly [() => unknown, string])[] = [
    [() => table.column("prize"), 't.csv has no column "prize"; did you mean "price"?'],
    [() => table.column("zzz"), 't.csv has no column "zzz"; there are "day", "price", "shop".'],
    [
      () => table.numbers("shop"),
      't.csv, column "shop": it holds categories, such as "a" in line 2, where numbers are needed: name another column, or correct the values.',
    ],
    [
      () => table.dates("price"),
      't.csv, column "price": it holds numbers, such as "1" in line 2, where dates are needed: name another column, or correct the values.',
    ],
    [
      () => table.completeNumbers("price"),
      't.csv, line 3, column "price": the number is missing: fill it in or leave the row out.',
    ],
    [
      () => table.select([0, 2]).completeNumbers("price"),
      't.csv, line 4, column "price": the number is infinite: fill it in or leave the row out.',
    ],
    [
      () => table.completeTexts("price"),
      't.csv, line 3, column "price": the value is missing: fill it in, or leave the row out.',
    ],
  ];
  for (const [ask, message] of asked) expect(ask).toThrow(new DataError(message));
});
