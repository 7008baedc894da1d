import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  [" MAILTO:Lena.Vogt@Contoso.example ", "lena.vogt@contoso.example"],
  ["anna+news@example.org", "anna+news@example.org"],
  ["o'brien_x/y=z@sub.example.co.uk", "o'brien_x/y=z@sub.example.co.uk"],
  ["petra@müller-bau.example", "petra@xn--mller-bau-q9a.example"],
  ["petra@XN--MLLER-BAU-Q9A.example", "petra@xn--mller-bau-q9a.example"],
  ["jörg@example.de", "jörg@example.de"],
  ["INFO@TITANIC.TR", "info@titanic.tr"],
  ["İ@example.tr", "İ@example.tr"],
  ["x@日本。example", "x@xn--wgv71a.example"],
  ["me@io", "me@io"],
])("email %j is %j", (raw, expected) => {
  expect(outcome({ kind: "email" }, raw)).toBe(expected);
});

test.each([
  ["lena", "has no @"],
  ["@x.de", "nothing before the @"],
  ["lena@", "no valid domain"],
  ["lena@localhost", "domain without a dot"],
  ["lena@org", "domain without a dot"],
  ["lena@-x.de", "no valid domain"],
  ["lena@x..de", "no valid domain"],
  ["lena@10.0.0.1", "no valid domain"],
  ["lena@[10.0.0.1]", "no valid domain"],
  ["lena@x.de.", "no valid domain"],
  ["lena@exa mple.de", "no valid domain"],
  ["lena@ex%61mple.de", "no valid domain"],
  ["lena..v@x.de", "out of place"],
  [".lena@x.de", "out of place"],
  ["le\u200bna@x.de", "out of place"],
  ['"lena"@x.de', "quoted"],
  ["(work)lena@x.de", "comment"],
  ["Lena Vogt <lena@x.de>", "name around"],
  ["a@x.de, b@x.de", "more than one @"],
  ["lena vogt@x.de", "space"],
  [`${"l".repeat(65)}@x.de`, "64 bytes"],
  [`${"é".repeat(33)}@x.de`, "64 bytes"],
  [`lena@${"l".repeat(64)}.de`, "no valid domain"],
  [`${"l".repeat(60)}@${"d".repeat(60)}.${"d".repeat(60)}.${"d".repeat(60)}.${"d".repeat(15)}.de`, "254 bytes"],
  [42, "not an e-mail address"],
])("email %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "email" }, raw)).toMatch(new RegExp(`^refused: .*${why}`));
});
