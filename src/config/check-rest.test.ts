// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { expect, test } from "vitest";
import { checkConfig } from "./check-config.ts";
import { pathText } from "./problem.ts";
import { readYaml } from "./yaml-source.ts";

const sound = `\
systems:
  tool:
    connector: rest
    url: https://tool.example.com/api
    auth: { type: bearer, token: "\${TOOL_TOKEN}" }
    objects:
      contacts: { modifiedAt: updatedAt, changes: { type: since, query: { since: "{since}" } } }
  db: { connector: postgres, url: "\${DATABASE_URL}" }
entities:
  contact:
    fields: { email: email }
    identity: [email]
    systems:
      tool: { object: contacts, fields: { email: email } }
      db: { object: public.people, fields: { email: email } }
`;

function found(from: string, to: string): string[] {
  const { data, errors } = readYaml(sound.replace(from, to));
  expect(errors).toEqual([]);
  return checkConfig(data, null).findings.map((one) =>
    `${pathText(one.path)}: ${one.message}. ${one.remedy ?? ""}`.trim(),
  );
}

const cases: readonly (readonly [string, string, string, string])[] = [
  [
    "an object that is not described",
    "object: contacts",
    "object: contact",
    'entities.contact.systems.tool.object: tool describes no object "contact". Did you mean "contacts"?',
  ],
  [
    "a token in plain text",
    '"${TOOL_TOKEN}"',
    "hunter2",
    'systems.tool.auth.token: a secret stands here in plain text. Put it into the environment or into .env, and write ${TOOL_AUTH_TOKEN} in its place (in TypeScript: env("TOOL_AUTH_TOKEN")).',
  ],
  [
    "a header's secret in plain text",
    '{ type: bearer, token: "${TOOL_TOKEN}" }',
    "{ type: header, headers: { Authorization: Token hunter2 } }",
    'systems.tool.auth.headers.Authorization: a secret stands here in plain text. Put it into the environment or into .env, and write ${TOOL_AUTH_HEADERS_AUTHORIZATION} in its place (in TypeScript: env("TOOL_AUTH_HEADERS_AUTHORIZATION")).',
  ],
  [
    "an unknown way to log in",
    "type: bearer",
    "type: bearr",
    'systems.tool.auth.type: type can\'t be "bearr". Did you mean "bearer"?',
  ],
  [
    "a misspelt setting deep within",
    "modifiedAt: updatedAt",
    "modifiedAt: updatedAt, list: { paging: { type: cursor, param: c, nxt: next } }",
    "systems.tool.objects.contacts.list.paging: next is missing. Add next.",
  ],
  [
    "changes since a moment that no record tells",
    "modifiedAt: updatedAt, ",
    "",
    "systems.tool.objects.contacts: changes since a moment are asked for, but no record is said to tell its own. Add modifiedAt: where a record tells when it was last changed.",
  ],
  [
    "leaving out of a change in part",
    "modifiedAt: updatedAt",
    "modifiedAt: updatedAt, update: { clear: omit }",
    "systems.tool.objects.contacts: a field that is left out of a change in part stays as it is. Add update.sends: record if a write replaces the record, or clear with null or empty.",
  ],
  [
    "an address that is none",
    "https://tool.example.com/api",
    "tool.example.com/api",
    'systems.tool.url: "tool.example.com/api" is no address of an API. Write it as https://tool.example.com/api.',
  ],
];

test("a sound REST tool has nothing wrong with it, nor has a secret with a word before it", () => {
  expect(found("", "")).toEqual([]);
  const header = '{ type: header, headers: { Authorization: "Token ${TOOL_TOKEN}" } }';
  expect(found('{ type: bearer, token: "${TOOL_TOKEN}" }', header)).toEqual([]);
});

test.each(cases)("%s is told, with its place and remedy", (_what, from, to, said) => {
  expect(found(from, to)).toContain(said);
});
