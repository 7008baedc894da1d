import type { FieldType } from "../../model/field-type.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { objectOf, textOf } from "./json.ts";
import { type Field, fieldOf, isMany, keyFieldOf, type Name, nameOf, noObject, type Schema } from "./schema.ts";

type Problem = Omit<SchemaProblem, "object" | "cell">;

const error = (message: string): Problem => ({ severity: "error", message });
const warning = (message: string): Problem => ({ severity: "warning", message });

/** What the mapping asks of the account and the account can't do. */
export function schemaProblems(
  schema: Schema,
  objects: readonly MappedObject[],
  keyTag: string,
): readonly SchemaProblem[] {
  return objects.flatMap((mapped): SchemaProblem[] => {
    const name = nameOf(mapped.object);
    const at = (cell: string | null) => (problem: Problem) => ({ object: mapped.object, cell, ...problem });
    if (name === null) return [at(null)(error(noObject(mapped.object)))];
    const ofCells = mapped.cells.flatMap((cell) => cellProblems(schema, name, cell).map(at(cell.cell)));
    if (!mapped.create) return ofCells;
    const isMissing = keyFieldOf(schema, name, keyTag) === null;
    const remedy = `there is no custom field ${keyTag}, which keeps creates from doubling: truce run and truce check --prepare make it, or add a text field with this personalization tag`;
    return [
      ...ofCells,
      ...(isMissing ? [at(null)({ ...error(remedy), preparable: true })] : []),
      ...createProblems(mapped, name).map(at(null)),
    ];
  });
}

/** What the vendor asks of a new record. */
const required: Readonly<Record<Name, readonly string[]>> = {
  contacts: ["email"],
  accounts: ["name"],
  deals: ["title", "value"],
};

function createProblems({ cells }: MappedObject, name: Name): readonly Problem[] {
  const given = new Set(cells.filter((one) => one.direction !== "read").map((one) => one.cell));
  const missing = required[name].filter((cell) => !given.has(cell));
  const found =
    missing.length === 0
      ? []
      : [error(`no ${name} can be made without ${missing.join(", ")}: map it, or set create: false`)];
  if (name !== "deals") return found;
  if (!given.has("contact") && !given.has("account"))
    found.push(error("no deal can be made without a contact or an account: map one, or set create: false"));
  if (!given.has("stage"))
    found.push(warning("new deals begin in the first stage that the account has, as no stage is mapped"));
  return found;
}

function cellProblems(schema: Schema, name: Name, mapped: MappedCell): readonly Problem[] {
  const field = fieldOf(schema, name, mapped.cell);
  if (field === undefined) {
    const names = schema[name].map(({ cell }) => cell).join(", ");
    return [error(`${name} have no field ${mapped.cell}; they have ${names}`)];
  }
  const found: Problem[] = [];
  if (field.readOnly && mapped.direction !== "read")
    found.push(error(`${field.cell} can't be written; set direction: read`));
  if (!fits(mapped.type, field))
    found.push(error(`${field.cell} is ${field.nativeType}, which does not hold a ${mapped.type.kind}`));
  if (mapped.direction !== "read") found.push(...missingOptions(field, mapped));
  return found;
}

/** Options are the account's vocabulary: none are made here. */
function missingOptions({ cell, type, source }: Field, mapped: MappedCell): readonly Problem[] {
  const known = "options" in type ? (type.options ?? []) : [];
  if (source.kind !== "custom" || known.length === 0) return [];
  if (mapped.type.kind !== "choice" && mapped.type.kind !== "set") return [];
  const missing = (mapped.type.options ?? []).filter((option) => !known.includes(option));
  return missing.length === 0
    ? []
    : [error(`${cell} lacks the options ${missing.join(", ")}; add them in ActiveCampaign`)];
}

const plainKinds = new Set(["text", "name", "address", "email", "phone", "url", "domain", "reference"]);

function fits({ kind }: FieldType, { source, type }: Field): boolean {
  if (source.kind === "tags") return kind === "set";
  if (source.kind === "list") return kind === "choice" || kind === "text";
  if (source.kind === "custom") {
    if (isMany(source.type)) return kind === "set";
    if (["date", "datetime", "number"].includes(source.type)) return kind === source.type || kind === "text";
    if (source.type === "currency") return kind === "money" || kind === "text";
    return kind !== "set";
  }
  if (type.kind === "money" || type.kind === "choice" || type.kind === "number")
    return kind === type.kind || kind === "text";
  return plainKinds.has(kind) || (kind === "choice" && source.name === "stage");
}

/** Makes the custom field for the create key where it is missing. */
export async function prepareKeyFields(
  client: Client,
  schema: Schema,
  objects: readonly MappedObject[],
  keyTag: string,
): Promise<boolean> {
  let isMade = false;
  for (const { object, create } of objects) {
    const name = nameOf(object);
    if (name === null || !create || keyFieldOf(schema, name, keyTag) !== null) continue;
    await makeKeyField(client, name, keyTag);
    isMade = true;
  }
  return isMade;
}

async function makeKeyField(client: Client, name: Name, keyTag: string): Promise<void> {
  const title = "Truce ID";
  const what = `making the field ${title} of ${name}`;
  if (name !== "contacts") {
    const meta = name === "deals" ? "dealCustomFieldMet" : "accountCustomFieldMet";
    const body = { [`${meta}um`]: { fieldLabel: title, fieldType: "text", personalization: keyTag } };
    await client.call({ method: "POST", path: `${meta}a`, body, effect: "write", what });
    return;
  }
  const field = { type: "text", title, descript: "Kept by Truce, to find what it made", perstag: keyTag, visible: 1 };
  const answer = await client.call({ method: "POST", path: "fields", body: { field }, effect: "write", what });
  const id = textOf(objectOf(answer["field"])?.["id"]);
  if (id === null) throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message: `${what}: the answer has no id` });
  // A field without a list is shown nowhere; list 0 is all of them.
  const fieldRel = { field: id, relid: 0 };
  await client.call({ method: "POST", path: "fieldRels", body: { fieldRel }, effect: "write", what });
}
