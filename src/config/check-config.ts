import { checkAlerts } from "./check-alerts.ts";
import { checkFields } from "./check-fields.ts";
import { checkForms } from "./check-forms.ts";
import { checkGroups } from "./check-groups.ts";
import { checkIdentity } from "./check-identity.ts";
import { checkMappings, checkSharedObjects } from "./check-mappings.ts";
import { checkReferences } from "./check-references.ts";
import { checkRules } from "./check-rules.ts";
import { checkSystems } from "./check-systems.ts";
import { configSchema, type ParsedConfig } from "./config-schema.ts";
import { explainIssues } from "./explain-issues.ts";
import { entityMeanings, type Meaning, meaningOf } from "./meaning.ts";
import { errorAt, type Finding, type Path } from "./problem.ts";
import { prune } from "./prune.ts";
import type { ReferenceSource } from "./reference.ts";

/** `config` is there when no finding is an error. */
export type Checked = { readonly config: ParsedConfig | null; readonly findings: readonly Finding[] };

/** Everything that is wrong with a config, in one go: its shape, what it means, and references without a value (`null`: not looked at). */
export function checkConfig(data: unknown, source: ReferenceSource | null): Checked {
  const parsed = configSchema.safeParse(data);
  const shape = parsed.success ? [] : explainIssues(parsed.error.issues, data);
  const rest = parsed.success ? { config: parsed.data, removed: [] } : prune(data);
  const meaning = rest === null ? [] : checkMeaning(meaningOf(data, rest.config, rest.removed));
  const references = source === null ? [] : checkReferences(data, source);
  const findings = [...shape, ...protoKeys(data, []), ...meaning, ...references];
  return { config: parsed.success && !findings.some(isError) ? parsed.data : null, findings };
}

function checkMeaning(meaning: Meaning): Finding[] {
  return [
    ...checkSystems(meaning),
    ...checkSharedObjects(meaning),
    ...checkAlerts(meaning),
    ...entityMeanings(meaning).flatMap((one) => [
      ...checkFields(one),
      ...checkRules(one),
      ...checkGroups(one),
      ...checkIdentity(one),
      ...checkMappings(one),
      ...checkForms(one),
    ]),
  ];
}

/** zod passes over this key without a word. */
function protoKeys(data: unknown, path: Path): Finding[] {
  if (typeof data !== "object" || data === null) return [];
  const here = Object.hasOwn(data, "__proto__")
    ? [errorAt([...path, "__proto__"], '"__proto__" can\'t be a name', "Choose another.", "key")]
    : [];
  return [...here, ...Object.entries(data).flatMap(([key, value]) => protoKeys(value, [...path, key]))];
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}
