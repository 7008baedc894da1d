import fc from "fast-check";
import { expect, test } from "vitest";
import { placeInCode } from "./code-source.ts";

test("constants, spreads and calls of the same file are followed", () => {
  const code = `\
import { defineConfig } from "truce";
const shared = { name: "text" };
const contact = entity({ fields: { ...shared, 'email': "email" } });
export default defineConfig({
  /* { not this } */ entities: { contact },
});
function entity(e) { return e; }
`;
  expect(placeInCode(code, { path: ["entities", "contact", "fields", "name"], at: "value" })).toEqual({
    line: 2,
    column: 24,
  });
  expect(placeInCode(code, { path: ["entities", "contact", "fields", "email"], at: "key" })).toEqual({
    line: 3,
    column: 47,
  });
  expect(placeInCode(code, { path: ["entities", "deal", "fields"], at: "value" })).toEqual({ line: 5, column: 22 });
});

test("any text has a place, however broken", () => {
  const text = fc.array(
    fc.constantFrom("{", "}", "[", "]", "(", ")", ",", ":", "...", '"', "`", "/*", "//", "\n", "a", "const a = ", "=>"),
  );
  fc.assert(
    fc.property(text, (parts) => {
      const code = `export default {a: [{a: ${parts.join(" ")}`;
      const { line, column } = placeInCode(code, { path: ["a", 0, "a", "a", 1], at: "value" });
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }),
  );
});
