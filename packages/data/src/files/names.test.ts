import { expect, test } from "vitest";
import { cities, parseCities } from "./cities.ts";
import { organismNames, parseOrganismNames } from "./organism-names.ts";

test("places and what else they are called", async () => {
  const all = await cities();
  expect(all.length).toBe(199_568);
  const vienna = all.find(({ id }) => id === 2_761_369);
  expect(vienna).toMatchObject({ name: "Vienna", country: "AT" });
  expect(vienna?.otherNames).toContain("Вена");
  expect(vienna?.population).toBeGreaterThan(1.5e6);
  expect(vienna?.latitude).toBeCloseTo(48.2, 1);
  expect(() => parseCities("1\tA\n")).toThrow(
    /^cities500\.txt, line 1: it has 2 columns instead of 19: install the package again\.$/,
  );
});

test("names of organisms by kind", async () => {
  const lines = [
    "9606\t|\tHomo sapiens\t|\t\t|\tscientific name\t|",
    "9606\t|\tHomo sapeins\t|\t\t|\tmisspelling\t|",
    "9606\t|\thuman\t|\t\t|\tcommon name\t|",
  ];
  expect(parseOrganismNames(lines.join("\n"), ["misspelling", "scientific name"])).toEqual([
    { organism: 9606, name: "Homo sapiens", kind: "scientific name" },
    { organism: 9606, name: "Homo sapeins", kind: "misspelling" },
  ]);
  await expect(organismNames(["misspelling"], { file: "nowhere.dmp" })).rejects.toThrow(
    'organismNames: cannot read nowhere.dmp: run "apt-get install emboss-data", or give the path of a names.dmp.',
  );
});
