// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { expect, test } from "vitest";
import { checkConfig } from "../../config/check-config.ts";
import { readYaml } from "../../config/yaml-source.ts";
import { configText } from "./config-text.ts";
import type { ProposedEntity } from "./propose.ts";

const contact: ProposedEntity = {
  entity: "contact",
  objects: { crm: "contacts", base: "People: all, #1" },
  fields: [
    {
      field: "email",
      type: { kind: "email" },
      rule: null,
      cells: { crm: { cell: "email", readOnly: false }, base: { cell: "E-mail: work", readOnly: false } },
    },
    {
      field: "phone",
      type: { kind: "phone" },
      rule: null,
      cells: { crm: { cell: "phone", readOnly: false }, base: { cell: "Phone", readOnly: true } },
    },
    {
      field: "stage",
      type: { kind: "choice", options: ["true", "no, never", "12"] },
      rule: "forward-only",
      cells: { crm: { cell: "stage", readOnly: false }, base: { cell: "Stage", readOnly: false } },
    },
    {
      field: "street",
      type: { kind: "address" },
      rule: null,
      cells: { crm: { cell: "street", readOnly: false }, base: { cell: "Street", readOnly: false } },
    },
    {
      field: "city",
      type: { kind: "text" },
      rule: null,
      cells: { crm: { cell: "city", readOnly: false }, base: { cell: "City", readOnly: false } },
    },
  ],
  leftOut: [{ field: "level", cells: { crm: "level", base: "Level" }, reason: "its options differ:\n a / b" }],
  identity: [["email"], ["phone", "city"]],
  groups: { address: ["street", "city"] },
};

test("what init writes is a sound config, whatever systems call their cells", () => {
  const text = configText({
    systems: [
      { system: "crm", settings: { connector: "hubspot", token: "${HUBSPOT_TOKEN}" } },
      { system: "base", settings: { connector: "airtable", token: "${AIRTABLE_TOKEN}", base: "app1" } },
    ],
    entities: [contact],
    rule: "{ newest: review }",
    country: "NO",
    creating: ["crm"],
  });
  const { data, errors } = readYaml(text);
  const { config, findings } = checkConfig(data, null);
  expect([...errors, ...findings]).toEqual([]);
  const entity = config?.entities["contact"];
  expect(entity?.fields["stage"]?.options).toEqual(["true", "no, never", "12"]);
  expect(entity?.fields["phone"]?.country).toBe("NO");
  expect(entity?.systems["base"]).toMatchObject({
    object: "People: all, #1",
    create: false,
    fields: { email: { cell: "E-mail: work", direction: "both" }, phone: { cell: "Phone", direction: "read" } },
  });
  expect(text).toContain("# Left out: level (crm level, base Level): its options differ: a / b\n");
});
