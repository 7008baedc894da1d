// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkConfig } from "./check-config.ts";
import { soundYaml } from "./testing.ts";
import { readYaml } from "./yaml-source.ts";

test("a reference may stand unquoted in flow style", () => {
  expect(readYaml("a: { b: ${NAME}, c: [x-${OTHER}] }\n").data).toEqual({ a: { b: "${NAME}", c: ["x-${OTHER}"] } });
});

test("of a repeated key the last counts, and both the repetition and what is in it are told", () => {
  const { data, errors, placeOf } = readYaml("a: 1\nb: 2\na: 3\n");
  expect(data).toEqual({ a: 3, b: 2 });
  expect(errors).toEqual([
    { place: { line: 3, column: 1 }, message: "the key a is here twice", remedy: "Remove one of them." },
  ]);
  expect(placeOf({ path: ["a"], at: "value" })).toEqual({ line: 3, column: 4 });
});

test("what is not there has the place of what is nearest", () => {
  const { placeOf } = readYaml("a:\n  b: { c: 1 }\n");
  expect(placeOf({ path: ["a", "b", "d"], at: "key" })).toEqual({ line: 2, column: 3 });
  expect(placeOf({ path: ["x"], at: "key" })).toEqual({ line: 1, column: 1 });
});

test("aliases that lead back to themselves are an error", () => {
  expect(readYaml("a: &a\n  b: *a\n").errors).toHaveLength(1);
});

test("names that every object has are names like others, or refused", () => {
  const { data } = readYaml(
    soundYaml.replaceAll("firstName", "constructor").replace("city: address", "__proto__: address"),
  );
  const messages = checkConfig(data, null).findings.map((one) => one.message);
  expect(messages).toContain('"constructor" can\'t be a name');
  expect(messages).toContain('"__proto__" can\'t be a name');
});

test("a mutilated config is judged, never thrown at", () => {
  const mutilated = fc
    .tuple(
      fc.nat(soundYaml.length),
      fc.nat(40),
      fc.constantFrom("", "{", "[", ": ", "\t", "\n", "- ", "*x", "<<: ", "null", "12"),
    )
    .map(([at, count, put]) => soundYaml.slice(0, at) + put + soundYaml.slice(at + count));
  fc.assert(
    fc.property(mutilated, (yaml) => {
      const { data, errors, placeOf } = readYaml(yaml);
      if (data === undefined) expect(errors).not.toEqual([]);
      else for (const finding of checkConfig(data, null).findings) expect(placeOf(finding).line).toBeGreaterThan(0);
    }),
  );
});
