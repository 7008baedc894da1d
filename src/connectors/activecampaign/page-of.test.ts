import { expect, test } from "vitest";
import { pageOf } from "./page-of.ts";

test("a record's page is on the account's own host", () => {
  expect(pageOf("https://acme.api-us1.com", "contacts", "12")).toBe("https://acme.activehosted.com/app/contacts/12");
  expect(pageOf("https://acme.api-us1.com/", "deals", "9")).toBe("https://acme.activehosted.com/app/deals/9");
});

test("of another address, and of what is no object there, no page is known", () => {
  expect(pageOf("http://127.0.0.1:4000", "contacts", "12")).toBeNull();
  expect(pageOf("https://acme.api-us1.com", "campaigns", "12")).toBeNull();
});
