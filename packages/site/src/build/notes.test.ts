import { expect, test } from "vitest";
import { notedCode } from "./notes.ts";

test("a note stands beside the code that follows it, to the next note", () => {
  const source = [
    'import { a } from "a";',
    "import {",
    "  b,",
    '} from "b";',
    "const zero = 0;",
    "",
    "/// Eq. 3: the first,",
    "/// in two lines.",
    "const first = a(1);",
    "",
    "class B {",
    "  /// Section 2.",
    "  second = 2;",
    "}",
  ].join("\n");
  expect(notedCode(source)).toEqual([
    { note: "", code: "const zero = 0;" },
    { note: "Eq. 3: the first, in two lines.", code: "const first = a(1);\n\nclass B {" },
    { note: "Section 2.", code: "  second = 2;\n}" },
  ]);
});
