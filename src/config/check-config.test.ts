// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { expect, test } from "vitest";
import { checkConfig } from "./check-config.ts";
import { pathText } from "./problem.ts";
import { soundEnv, soundYaml } from "./testing.ts";
import { readYaml } from "./yaml-source.ts";

/** What is found when these parts of the sound config are replaced. */
function found(...replacements: readonly (readonly [string, string])[]): string[] {
  const yaml = replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The sound config has no ${from}.`);
    return text.replace(from, to);
  }, soundYaml);
  const { data, errors } = readYaml(yaml);
  if (errors.length > 0) throw new Error(errors[0]?.message);
  return checkConfig(data, null).findings.map((one) =>
    `${one.severity} ${pathText(one.path)}: ${one.message}. ${one.remedy ?? ""}`.trim(),
  );
}

test("the sound config has nothing wrong with it", () => {
  expect(found()).toEqual([]);
});

const cases: readonly (readonly [title: string, from: string, to: string])[] = [
  ["a misspelt connector", "connector: airtable", "connector: airtabel"],
  ["a missing token", "token: ${AIRTABLE_TOKEN}, ", ""],
  ["neither token nor oauth", "token: ${HUBSPOT_TOKEN}, ", ""],
  ["a record's address that is a script", "base: appA1b2C3", "base: appA1b2C3, recordUrl: 'javascript:alert({id})'"],
  ["a broken reference", "localhost/app", "${HOST-NAME}/app"],
  ["a name with a space", "city: address", "the city: address"],
  ["a number for a text", "object: People", "object: 12"],
  ["a list for a mapping", "groups: { address: [street, city] }", "groups: [street, city]"],
  ["a number for a rule", "rule: union", "rule: 3"],
  ["an unknown rule", "rule: union", "rule: unoin"],
  ["an unknown way of writing a rule", "{ owner: db }", "{ owns: db }"],
  ["two rules at once", "{ owner: db }", "{ owner: db, newest: keep }"],
  ["otherwise without prefer", "{ owner: db }", "{ owner: db, otherwise: keep }"],
  ["an empty rule", "{ owner: db }", "{}"],
  ["an owner within a rule", "otherwise: keep", "otherwise: { owner: crm }"],
  ["an owner that has not the field", "{ owner: db }", "{ owner: base }"],
  ["a preferred system that has not the field", "prefer: [db, crm]", "prefer: [base, crm]"],
  ["a system preferred twice", "prefer: [db, crm]", "prefer: [db, db]"],
  ["a custom rule in YAML", "{ owner: db }", "{ custom: longest }"],
  ["union of what is no set", "lastName: { type: name, rule: { owner: db } }", "lastName: { type: name, rule: union }"],
  ["counter on a choice", "rule: forward-only", "rule: counter"],
  ["merge-text inside newest on a name", "{ owner: db }", "{ newest: { mergeText: keep } }"],
  ["forward-only without stages", "options: [lead, customer], ", ""],
  [
    "an option that is no stage",
    "customer], rule: forward-only",
    "customer, lost], rule: { forwardOnly: [lead, customer] }",
  ],
  ["an entity's rule that doesn't suit a field", "rule: { newest: review }", "rule: longest"],
  ["a country of no phone", "firstName: name", "firstName: { type: name, country: US }"],
  ["a country that is none", "country: DE", "country: de"],
  ["a currency that is none", "firstName: name", "firstName: { type: money, currency: EURO }"],
  ["a reference to nowhere", "firstName: name", "firstName: { type: reference, to: company }"],
  ["a reference without an aim", "firstName: name", "firstName: reference"],
  ["an option listed twice", "options: [lead, customer]", "options: [lead, customer, lead]"],
  ["a group member that is no field", "[street, city]", "[street, town]"],
  ["a group of one", "[street, city]", "[street]"],
  ["a group decided by a rule that makes new values", "{ prefer: [crm] }", "{ mergeText: review }"],
  ["an identity that identifies nothing", "identity: [email,", "identity: [tags,"],
  ["an identity that identifies nothing alone", "identity: [email,", "identity: [street,"],
  ["a name for an identity", "identity: [email,", "identity: [lastName,"],
  ["no identity", "identity: [email, [phone, lastName]]", "identity: []"],
  ["an identity that one system has", "[phone, lastName]]", "[phone, firstName]]"],
  ["a required field that is none", "required: [email]", "required: [mail]"],
  ["a field that is mapped nowhere", "city: address", "city: address\n      birthday: date"],
  ["a field that is only read", "firstName: firstname, ", ""],
  ["two fields in one cell", "city: town", "city: street"],
  ["an unknown system", "      base:\n", "      bas:\n"],
  ["a slash in an object", "object: public.people", "object: public/people"],
  ["no fields in a system", "{ email: Email, firstName: { cell: First Name, direction: read }, tags: Tags }", "{}"],
  ["a number below the least", "sweepEvery: 6h", "sweepEvery: 6h\n  retry: { attempts: 0 }"],
  ["an address without a port", "sweepEvery: 6h", "listen: 127.0.0.1"],
  ["an address for everybody", "sweepEvery: 6h", "listen: 0.0.0.0:4400"],
  ["a store that is none", "sweepEvery: 6h", "store: mysql"],
];

for (const [title, from, to] of cases) test(`${title} is told`, () => expect(found([from, to])).toMatchSnapshot());

test("records to be created of nothing are told", () => {
  const readOnly =
    "email: { cell: Email, direction: read }, firstName: { cell: First Name, direction: read }, tags: { cell: Tags, direction: read }";
  const lines = found([
    "{ email: Email, firstName: { cell: First Name, direction: read }, tags: Tags }",
    `{ ${readOnly} }\n        create: true`,
  ]);
  expect(lines).toMatchSnapshot();
});

test("a reference among the fields is told", () => {
  const { data } = readYaml(soundYaml.replace("object: People", "object: ${TABLE}"));
  const { findings } = checkConfig(data, { env: soundEnv, readFile: () => null });
  expect(findings.map((one) => one.message)).toEqual(['"${TABLE}" is a reference']);
});

test("one object belongs to one entity", () => {
  const company = `\
  company:
    fields: { domain: domain, name: text }
    identity: [domain]
    systems:
      crm: { object: contacts, fields: { domain: domain, name: name } }
      db: { object: companies, fields: { domain: domain, name: name } }
settings:`;
  expect(found(["settings:", company])).toMatchSnapshot();
});

test("a fault elsewhere hides none of what is known", () => {
  const lines = found(
    ["city: address", "city: adress"],
    ["required: [email]", "required: [emial]"],
    ["rule: union", "rule: counter"],
  );
  expect(lines).toMatchSnapshot();
});

test("a second record is merged or deleted only where that can be, and does no harm", () => {
  const yaml = (merges: string, db: string, crm: string) => `\
systems:
  crm: { connector: hubspot, token: "\${T}" }
  db: { connector: postgres, url: "\${U}" }
entities:
  company:
    ${merges}
    fields: { domain: domain }
    identity: [domain]
    systems:
      crm: { object: companies, fields: { domain: domain }, merged: ${crm} }
      db: { object: companies, fields: { domain: domain }, merged: ${db} }
  contact:
    fields: { email: email, company: { type: reference, to: company } }
    identity: [email]
    systems:
      crm: { object: contacts, fields: { email: email, company: "associations.companies:Primary" } }
      db: { object: people, fields: { email: email, company: company_id } }
`;
  const told = (...parts: Parameters<typeof yaml>) =>
    checkConfig(readYaml(yaml(...parts)).data, null).findings.map((one) => `${pathText(one.path)}: ${one.message}`);
  expect(told("merges: link", "keep", "merge")).toEqual([]);
  expect(told("merges: link", "merge", "merge")).toEqual([
    "entities.company.systems.db.merged: db has no merge that Truce could call",
  ]);
  expect(told("merges: link", "delete", "merge")).toEqual([
    "entities.company.systems.db.merged: each contact that points to a deleted company would lose what it points to",
  ]);
  expect(told("merges: hold", "keep", "merge")).toEqual([
    "entities.company.systems.crm.merged: what is merged elsewhere is held, so nothing is left over here",
  ]);
});
