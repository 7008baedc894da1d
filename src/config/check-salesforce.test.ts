// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { expect, test } from "vitest";
import { checkConfig } from "./check-config.ts";
import { soundYaml } from "./testing.ts";
import { readYaml } from "./yaml-source.ts";

/** What is found when this is how Truce logs in to an org. */
function found(settings: string, url = "https://acme.my.salesforce.com"): string[] {
  const org = `  sales: { connector: salesforce, url: "${url}", clientId: key, ${settings} }\n`;
  const { data, errors } = readYaml(soundYaml.replace("entities:\n", `${org}entities:\n`));
  if (errors.length > 0) throw new Error(errors[0]?.message);
  const own = checkConfig(data, null).findings.filter(({ path }) => path[1] === "sales" && path[0] === "systems");
  return own.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

test.for<[string, string[]]>([
  ["clientSecret: ${SECRET}", []],
  ["clientSecret: ${SECRET}, refreshToken: ${TOKEN}", []],
  ['username: truce@acme.example, privateKey: "${file:key.pem}"', []],
  ["pollEvery: 30s", ["there is no way to log in"]],
  ["username: truce@acme.example", ["privateKey is missing"]],
  ['privateKey: "${file:key.pem}"', ["username is missing"]],
  [
    'clientSecret: ${SECRET}, username: a@b.example, privateKey: "${file:key.pem}"',
    ["privateKey and clientSecret exclude each other"],
  ],
  ["clientSecret: plain", ["a secret stands here in plain text"]],
])("%s: %o", ([settings, expected]) => {
  expect(found(settings)).toEqual(expected);
});

test("a secret is sent to nobody in the clear, but to this machine", () => {
  const secret = "clientSecret: ${SECRET}";
  expect(found(secret, "http://acme.my.salesforce.com")).toEqual([
    '"http://acme.my.salesforce.com" does not begin with https://',
  ]);
  expect(["http://127.0.0.1:4000", "${SALESFORCE_URL}"].flatMap((url) => found(secret, url))).toEqual([]);
});
