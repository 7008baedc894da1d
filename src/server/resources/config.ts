import { z } from "zod";
import type { Policy, Rule } from "../../model/policy.ts";
import type { ConfigFile } from "../config-file.ts";
import type { Handlers, Routes } from "../route.ts";

const fieldShape = z.object({
  name: z.string(),
  type: z.string(),
  options: z.array(z.string()),
  rule: z.string().describe("In words."),
  clears: z.enum(["propagate", "hold", "restore"]),
  group: z.string().nullable(),
  cells: z.array(z.object({ system: z.string(), cell: z.string(), direction: z.enum(["both", "read", "write"]) })),
});

export const configRoutes = {
  getConfig: {
    tag: "Config",
    summary: "Rules and mapping, readable; the file stays the source",
    access: "read",
    input: z.object({}),
    answer: z.object({
      file: z.string().nullable(),
      isEditable: z.boolean().describe("A YAML file, for which changes can be written: see previewConfig."),
      entities: z.array(
        z.object({
          name: z.string(),
          identity: z.array(z.array(z.string())),
          deletes: z.string(),
          duplicates: z.string(),
          required: z.array(z.string()),
          settleMs: z.number(),
          objects: z.array(z.object({ system: z.string(), object: z.string(), create: z.boolean() })),
          fields: z.array(fieldShape),
        }),
      ),
    }),
  },
} as const satisfies Routes;

export function configHandlers(policy: Policy, file: ConfigFile | null): Handlers<typeof configRoutes> {
  return {
    getConfig: () => ({
      file: file?.name ?? null,
      isEditable: file?.check != null,
      entities: Object.values(policy.entities).map(({ fields, mappings, identity, ...entity }) => ({
        ...entity,
        identity: identity.map((key) => key.fields),
        objects: mappings.map(({ system, object, create }) => ({ system, object, create })),
        fields: Object.values(fields).map(({ name, type, rule, clears, group }) => ({
          name,
          type: type.kind,
          options: "options" in type ? (type.options ?? []) : [],
          rule: ruleText(rule),
          clears,
          group,
          cells: mappings.flatMap(({ system, fields: mapped }) => {
            const cell = mapped[name];
            return cell === undefined ? [] : [{ system, ...cell }];
          }),
        })),
      })),
    }),
  };
}

/** A rule as a sentence: "the newer change wins; when no clock can tell, crm before db". */
export function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case "owner":
      return `${rule.system} is the source of truth`;
    case "prefer":
      return `${rule.systems.join(" before ")}${rest(rule.otherwise, "among equals")}`;
    case "newest":
      return `the newer change wins${rest(rule.tie, "when no clock can tell")}`;
    case "keep":
      return "what is agreed stays";
    case "longest":
      return "the longer text wins";
    case "max":
      return "the greater value wins";
    case "min":
      return "the smaller value wins";
    case "union":
      return "all members of both";
    case "any-true":
      return "yes if either says yes";
    case "all-true":
      return "yes only if both say yes";
    case "counter":
      return "both differences are added";
    case "forward-only":
      return `the later stage wins: ${rule.stages.join(" → ")}`;
    case "merge-text":
      return `texts are merged${rest(rule.otherwise, "where both changed the same words")}`;
    case "review":
      return "a person decides";
    case "custom":
      return `the function ${rule.name} decides`;
  }
}

function rest(rule: Rule, when: string): string {
  return `; ${when}, ${ruleText(rule)}`;
}
