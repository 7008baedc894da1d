import { stringify } from "yaml";
import type { FieldType } from "../../model/field-type.ts";
import type { SystemId } from "../../model/record.ts";
import type { ProposedEntity, ProposedField } from "./propose.ts";

/** A system as `init` writes it: settings in order, references included; notes become comments. */
export type WrittenSystem = {
  readonly system: SystemId;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly notes?: readonly string[];
};

export type InitChoices = {
  readonly systems: readonly WrittenSystem[];
  readonly entities: readonly ProposedEntity[];
  /** The rule of fields that have none of their own, as YAML. */
  readonly rule: string;
  /** ISO 3166 country of phone numbers without a prefix; `null`: not known. */
  readonly country: string | null;
  /** Systems in which records may be created. */
  readonly creating: readonly SystemId[];
};

/** The text of truce.yaml, with what a newcomer must know as comments. */
export function configText(choices: InitChoices): string {
  return [
    "# yaml-language-server: $schema=./truce.schema.json",
    "# What is kept right, and where. All settings: docs/config.md. Check it: truce check. Dry run: truce plan.",
    "",
    systemsText(choices.systems),
    "",
    "entities:",
    ...choices.entities.flatMap((entity) => entityLines(entity, choices)),
    "",
  ].join("\n");
}

/** The systems alone. */
export function systemsText(systems: readonly WrittenSystem[]): string {
  return ["systems:", ...systems.flatMap(systemLines)].join("\n");
}

function systemLines({ system, settings, notes = [] }: WrittenSystem): string[] {
  return [
    `  ${system}:`,
    ...Object.entries(settings).flatMap(([key, value]) =>
      typeof value === "string" ? [`    ${key}: ${scalar(value)}`] : nestedLines(key, value),
    ),
    ...notes.map((note) => `    # ${oneLine(note)}`),
  ];
}

function nestedLines(key: string, value: unknown): string[] {
  const lines = stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split("\n");
  return lines.map((line) => `    ${line}`);
}

function entityLines(entity: ProposedEntity, choices: InitChoices): string[] {
  const { identity, groups, fields, leftOut, objects } = entity;
  return [
    `  ${entity.entity}:`,
    "    # Who wins when two systems change a field before either has seen the other's change; a field may have its own rule.",
    `    rule: ${choices.rule}`,
    "    fields:",
    ...fields.map((field) => `      ${field.field}: ${fieldText(field, choices.country)}`),
    ...leftOut.map(
      ({ field, cells, reason }) => `      # Left out: ${field} (${listCells(cells)}): ${oneLine(reason)}`,
    ),
    ...groupLines(groups),
    ...identityLines(identity),
    "    # What a deletion in one system means for the others: hold (a person decides), propagate, archive, ignore.",
    "    deletes: hold",
    "    systems:",
    ...Object.entries(objects).flatMap(([system, object]) => mappingLines(system, object, entity, choices)),
  ];
}

function identityLines(identity: readonly (readonly string[])[]): string[] {
  if (identity.length === 0) {
    return [
      "    # No key was found by which records of two systems are one thing; without one, every record counts as new.",
      "    identity: []",
    ];
  }
  const keys = identity.map((key) => (key.length === 1 ? key[0] : `[${key.join(", ")}]`));
  return [
    "    # Records with an equal key are one thing; the strongest key first.",
    `    identity: [${keys.join(", ")}]`,
  ];
}

function groupLines(groups: ProposedEntity["groups"]): string[] {
  const entries = Object.entries(groups);
  if (entries.length === 0) return [];
  const lines = entries.map(([name, fields]) => `      ${name}: [${fields.join(", ")}]`);
  return ["    # Fields that only make sense together, decided as one.", "    groups:", ...lines];
}

function mappingLines(
  system: SystemId,
  object: string,
  { fields }: ProposedEntity,
  { creating }: InitChoices,
): string[] {
  const mapped = fields.flatMap(({ field, cells }) => {
    const cell = cells[system];
    if (cell === undefined) return [];
    return [
      `          ${field}: ${cell.readOnly ? `{ cell: ${scalar(cell.cell)}, direction: read }` : scalar(cell.cell)}`,
    ];
  });
  const create = creating.includes(system)
    ? "        create: true"
    : "        create: false # true: missing records are made here";
  return [`      ${system}:`, `        object: ${scalar(object)}`, create, "        fields:", ...mapped];
}

function fieldText({ type, rule }: ProposedField, country: string | null): string {
  const details = detailsOf(type, country);
  if (rule !== null) details.push(`rule: ${rule}`);
  return details.length === 0 ? type.kind : `{ type: ${[type.kind, ...details].join(", ")} }`;
}

function detailsOf(type: FieldType, country: string | null): string[] {
  if (type.kind === "reference") return [`to: ${type.to}`];
  if (type.kind === "phone" && country !== null) return [`country: ${scalar(country)}`];
  return "options" in type && type.options !== undefined ? [`options: [${type.options.map(scalar).join(", ")}]`] : [];
}

/** As YAML, quoted where it must be, in flow style too. References stay as they are. */
function scalar(text: string): string {
  if (/^\$\{[^{}\n]+\}$/u.test(text)) return text;
  return stringify(text, {
    lineWidth: 0,
    defaultStringType: /[,[\]{}#:&*!|>'"%@`]/u.test(text) ? "QUOTE_DOUBLE" : "PLAIN",
  }).trim();
}

function listCells(cells: Readonly<Record<SystemId, string>>): string {
  return Object.entries(cells)
    .map(([system, cell]) => `${system} ${oneLine(cell)}`)
    .join(", ");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").slice(0, 200);
}
