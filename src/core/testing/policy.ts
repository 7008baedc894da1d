import type { FieldType } from "../../model/field-type.ts";
import type { EntityPolicy, FieldPolicy, ObjectMapping, Policy, Rule } from "../../model/policy.ts";

type FieldOptions = {
  readonly type?: FieldType;
  readonly rule?: Rule;
  readonly clears?: FieldPolicy["clears"];
  readonly group?: string;
};

/** A policy for tests: one entity `contact` in the systems `crm`, `db` and `desk`, cells named like the fields. */
export function testPolicy(
  fields: Readonly<Record<string, FieldOptions>>,
  options: Partial<Omit<EntityPolicy, "name" | "fields" | "mappings">> & {
    readonly systems?: readonly string[];
    readonly create?: boolean;
  } = {},
): Policy {
  const { systems = ["crm", "db", "desk"], create = true, ...rest } = options;
  const policies = Object.entries(fields).map(([name, one]): [string, FieldPolicy] => [
    name,
    {
      name,
      type: one.type ?? { kind: "text" },
      rule: one.rule ?? { kind: "review" },
      clears: one.clears ?? "hold",
      group: one.group ?? null,
    },
  ]);
  const mappings = systems.map(
    (system): ObjectMapping => ({
      system,
      object: "contacts",
      create,
      fields: Object.fromEntries(Object.keys(fields).map((field) => [field, { cell: field, direction: "both" }])),
    }),
  );
  const contact: EntityPolicy = {
    name: "contact",
    fields: Object.fromEntries(policies),
    mappings,
    identity: [{ fields: ["email"] }],
    matching: null,
    deletes: "hold",
    duplicates: "hold",
    required: [],
    settleMs: 0,
    ...rest,
  };
  return { entities: { contact }, clockSkewMs: {}, retry: { attemptsMax: 100, delayMsBase: 500, delayMsMax: 60_000 } };
}
