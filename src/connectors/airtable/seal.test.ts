import { expect, test } from "vitest";
import { seal, unseal } from "./seal.ts";

test("only the same token opens what was sealed, and every seal looks different", () => {
  const sealed = seal("pat1", "secret");
  expect(unseal("pat1", sealed)).toBe("secret");
  expect(unseal("pat2", sealed)).toBeNull();
  expect(seal("pat1", "secret")).not.toBe(sealed);
});

test("what is damaged or no seal at all does not open", () => {
  const bytes = Buffer.from(seal("pat1", "secret"), "base64");
  bytes[bytes.length - 1]! ^= 1;
  expect(unseal("pat1", bytes.toString("base64"))).toBeNull();
  expect(unseal("pat1", "")).toBeNull();
});
