import { expect, test } from "vitest";
import { encodeSet, isReached, withGtid } from "./gtid.ts";

const one = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const other = "00000000-0000-0000-0000-0000000000ff";

test("MySQL: a set grows by its transactions, and ranges that touch become one", () => {
  const all = [`${one}:1`, `${one}:2`, `${one}:4`, `${other}:9`, `${one}:3`, `${one}:7`].reduce(withGtid, "");
  expect(all).toBe(`${one}:1-4:7,${other}:9`);
  expect(withGtid(all, `${one}:2`)).toBe(all);
  expect(withGtid(all, null)).toBe(all);
});

test("MariaDB: each domain has its last transaction, also of another server with a smaller number", () => {
  expect(["0-1-1", "1-1-7", "0-1-2"].reduce(withGtid, "")).toBe("0-1-2,1-1-7");
  expect(withGtid("0-1-9,10-1-1,2-1-1", "0-2-3")).toBe("0-2-3,2-1-1,10-1-1");
  expect(isReached("0-1-5,1-1-1", "0-2-5,1-1-9")).toBe(true);
  expect(isReached("0-1-5", "0-1-4")).toBe(false);
  expect(isReached("0-1-5", "")).toBe(false);
});

test("MySQL: a set is sent with the ends of its ranges exclusive", () => {
  const bytes = encodeSet(`${other}:1-4:7`);
  const number = (value: number) => value.toString(16).padStart(2, "0").padEnd(16, "0");
  const expected = [
    number(1),
    "000000000000000000000000000000ff",
    number(2),
    number(1),
    number(5),
    number(7),
    number(8),
  ];
  expect(bytes.toString("hex")).toBe(expected.join(""));
  expect(encodeSet("").toString("hex")).toBe("0".repeat(16));
});
