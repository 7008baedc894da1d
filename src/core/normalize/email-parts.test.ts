import { expect, test } from "vitest";
import { emailParts, isFreeMailDomain, isRoleMailbox } from "./email-parts.ts";

test("an address comes apart at its last @ and its first +", () => {
  expect(emailParts("anna+a+b@example.org")).toEqual({ local: "anna+a+b", tag: "a+b", domain: "example.org" });
  expect(emailParts("+anna@example.org")).toEqual({ local: "+anna", tag: null, domain: "example.org" });
});

test.each([
  "info",
  "sales",
  "no-reply",
  "customer.service",
  "support2",
  "info+x",
  "sales-team",
  "alerts-noreply",
  "kontakt",
])("%s@ belongs to a function", (local) => {
  expect(isRoleMailbox(`${local}@example.org`)).toBe(true);
});

test.each(["anna", "anna.keller", "sales.anna", "infante", "mark", "will", "a.admin", "x7"])(
  "%s@ belongs to a person",
  (local) => {
    expect(isRoleMailbox(`${local}@example.org`)).toBe(false);
  },
);

test.each([
  "gmail.com",
  "web.de",
  "yahoo.co.jp",
  "yahoo.fr",
  "hotmail.com",
  "outlook.de",
  "mailinator.com",
  "live.com.au",
])("%s gives mailboxes to anyone", (domain) => {
  expect(isFreeMailDomain(domain)).toBe(true);
});

test.each([
  "contoso.example",
  "yahoo-inc.com",
  "live.contoso.com",
  "gmail.contoso.com",
  "yahoo.com.evil.example",
  "outlook",
])("%s does not", (domain) => {
  expect(isFreeMailDomain(domain)).toBe(false);
});
