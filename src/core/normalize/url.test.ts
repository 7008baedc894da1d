import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["Example.COM", "https://example.com"],
  ["https://example.com/", "https://example.com"],
  ["HTTP://Example.com:80/Path/?q=1#Frag", "http://example.com/Path/?q=1#Frag"],
  ["https://example.com:443", "https://example.com"],
  ["example.com:8080/x", "https://example.com:8080/x"],
  ["//example.com/a", "https://example.com/a"],
  ["www.müller-bau.example", "https://www.xn--mller-bau-q9a.example"],
  ["https://example.com/a/../b c", "https://example.com/b%20c"],
  ["https://example.com/#/app", "https://example.com/#/app"],
  ["https://my_shop.example.com", "https://my_shop.example.com"],
  ["http://intranet/wiki", "http://intranet/wiki"],
  ["http://10.0.0.1/x", "http://10.0.0.1/x"],
  ["https://web.archive.org/web/2020/https://example.com/", "https://web.archive.org/web/2020/https://example.com/"],
])("url %j is %j", (raw, expected) => {
  expect(outcome({ kind: "url" }, raw)).toBe(expected);
});

test.each([
  ["javascript:alert(1)", "only http and https"],
  ["ftp://example.com", "only http and https"],
  ["mailto:lena@example.com", "only http and https"],
  ["info@example.com", "looks like an e-mail address"],
  ["acme", "no domain with a dot"],
  ["http//example.com", "scheme twice"],
  ["https://https://example.com", "scheme twice"],
  ["1.5", "number where the domain belongs"],
  ["https://example.com https://example.org", "more than one"],
  ["example.com; www.example.org", "more than one"],
  ["a.com,b.com", "characters in its domain"],
  ["https://exa\tmple.com", "line break or tab"],
  ["https://example.com:99999", "not a web address"],
  ["not a url", "not a web address"],
  [7, "not a web address"],
])("url %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "url" }, raw)).toMatch(new RegExp(`^refused: .*${why}`));
});
