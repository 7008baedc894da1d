import { expect, test } from "vitest";
import { fullId } from "./record-id.ts";

test.for<[string, string | null]>([
  ["001dM00003jU9GxQAK", "001dM00003jU9GxQAK"],
  ["001dM00003jU9Gx", "001dM00003jU9GxQAK"],
  ["001dM00003jU9Gxqak", "001dM00003jU9GxQAK"],
  ["003bm000016htgPAAQ", "003bm000016htgPAAQ"],
  ["001dM00003jU9GxAAA", null],
  ["001dM00003jU9", null],
  ["001dM00003jU9G'", null],
  ["", null],
])("the whole id of %s is %s", ([id, full]) => {
  expect(fullId(id)).toBe(full);
});
