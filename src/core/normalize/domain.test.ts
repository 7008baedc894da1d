import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["Example.COM", "example.com"],
  ["https://www.Example.com:8080/path?q#f", "example.com"],
  ["www.example.co.uk", "example.co.uk"],
  ["shop.example.com", "shop.example.com"],
  ["Lena.Vogt@Contoso.example", "contoso.example"],
  ["mailto:lena@contoso.example", "contoso.example"],
  ["https://user:pw@example.com/", "example.com"],
  ["example.com.", "example.com"],
  ["müller-bau.example", "xn--mller-bau-q9a.example"],
  ["www.de", "www.de"],
  ["www.co.uk", "www.co.uk"],
  ["www.www.example.com", "example.com"],
])("domain of %j is %j", (raw, expected) => {
  expect(outcome({ kind: "domain" }, raw)).toBe(expected);
});

test.each([
  ["acme"],
  ["localhost"],
  ["10.0.0.1"],
  ["a.com, b.com"],
  ["a@a.com, b@b.com"],
  ["Lena <lena@x.de>"],
  ["ftp://example.com"],
  ["https://"],
  [12],
])("domain %j is refused", (raw) => {
  expect(outcome({ kind: "domain" }, raw)).toMatch(/^refused: .*is not a domain/);
});
