import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configJsonSchema } from "./json-schema.ts";

test("truce.schema.json is what the schema says: npm run truce -- schema > truce.schema.json", () => {
  const shipped = readFileSync(new URL("../../truce.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(shipped)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
