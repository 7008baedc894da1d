import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject, objectsIn, stringIn, stringsIn, wholeNumber } from "./body.ts";
import { dealStages } from "./object-type.ts";
import {
  addCustomTable,
  type CustomObjectDraft,
  fullyQualifiedName,
  type Portal,
  type Table,
  tableOf,
} from "./portal.ts";
import type { PropertyDraft } from "./property.ts";
import { badRequest, notFound } from "./refusal.ts";

/** A person who works in the account. */
export type User = {
  readonly id: number;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
};

const epoch = "1970-01-01T00:00:00Z";

/** `/crm/v3/schemas` and `/crm-object-schemas/v3/schemas`: custom objects; a single one may be read of any type. */
export function answerSchemas(
  portal: Portal,
  method: string,
  rest: readonly string[],
  body: () => JsonObject,
): SandboxAnswer | null {
  const [name, ...deeper] = rest;
  if (deeper.length > 0) return null;
  if (name !== undefined)
    return method === "GET" ? { status: 200, body: schemaOf(portal, tableOf(portal, name)) } : null;
  if (method === "GET") {
    const customs = [...portal.tables.values()].filter((table) => table.type.custom);
    return { status: 200, body: { results: customs.map((table) => schemaOf(portal, table)) } };
  }
  return method === "POST"
    ? { status: 201, body: schemaOf(portal, addCustomTable(portal, draftOf(portal, body()))) }
    : null;
}

function draftOf(portal: Portal, body: JsonObject): CustomObjectDraft {
  const name = stringIn(body, "name");
  const { labels } = body;
  if (!/^[a-z][a-z0-9_]*$/i.test(name)) throw badRequest(`Object name "${name}" is invalid`);
  if ([...portal.tables.values()].some((table) => table.type.name === name)) {
    throw badRequest(`Object type '${name}' already exists`);
  }
  if (!isObject(labels)) throw badRequest("Some required fields were not set: [labels]");
  return {
    name,
    labels: { singular: stringIn(labels, "singular"), plural: stringIn(labels, "plural") },
    properties: objectsIn(body, "properties") as unknown as readonly PropertyDraft[],
    requiredProperties: stringsIn(body, "requiredProperties"),
    primaryDisplayProperty: stringIn(body, "primaryDisplayProperty"),
  };
}

function schemaOf(portal: Portal, { type, properties }: Table) {
  return {
    labels: type.labels,
    requiredProperties: type.requiredOneOf.map((names) => names[0]!),
    searchableProperties: [],
    primaryDisplayProperty: type.primaryDisplayProperty,
    secondaryDisplayProperties: [],
    archived: false,
    restorable: true,
    metaType: type.custom ? "PORTAL_SPECIFIC" : "HUBSPOT",
    id: type.id.split("-")[1]!,
    fullyQualifiedName: type.custom ? fullyQualifiedName(portal, type) : type.singular.toUpperCase(),
    createdAt: epoch,
    updatedAt: epoch,
    createdByUserId: null,
    updatedByUserId: null,
    objectTypeId: type.id,
    properties: [...properties.values()],
    associations: [],
    name: type.custom ? type.name : type.singular.toUpperCase(),
  };
}

/** `/crm/v3/owners`, all or one. An owner's id is not the user's. */
export function answerOwners(users: readonly User[], id: string | undefined, query: URLSearchParams): SandboxAnswer {
  const owners = users.map(({ id: userId, email, firstName, lastName }) => ({
    id: ownerId(userId),
    email,
    type: "PERSON",
    firstName,
    lastName,
    userId,
    userIdIncludingInactive: userId,
    createdAt: epoch,
    updatedAt: epoch,
    archived: false,
  }));
  if (id !== undefined) {
    const owner = owners.find((one) => one.id === id);
    if (owner === undefined) throw notFound(id);
    return { status: 200, body: owner };
  }
  const email = query.get("email");
  const found = owners.filter((owner) => email === null || owner.email === email);
  const start = wholeNumber(query.get("after"), "after", 0);
  const limit = wholeNumber(query.get("limit"), "limit", 100);
  const results = found.slice(start, start + limit);
  const next = start + limit < found.length ? { paging: { next: { after: String(start + limit) } } } : {};
  return { status: 200, body: { results, ...next } };
}

function ownerId(userId: number): string {
  return String(500_000 + userId);
}

/** `/crm/v3/pipelines/{type}`: the deal pipeline that every account starts with. */
export function answerPipelines(table: Table): SandboxAnswer {
  if (table.type.name !== "deals") return { status: 200, body: { results: [] } };
  const stages = dealStages.map((id, displayOrder) => ({
    label: id,
    displayOrder,
    metadata: { isClosed: String(id.startsWith("closed")), probability: "0.5" },
    id,
    createdAt: epoch,
    updatedAt: epoch,
    writePermissions: "CRM_PERMISSIONS_ENFORCEMENT",
    archived: false,
  }));
  const pipeline = {
    label: "Sales Pipeline",
    displayOrder: 0,
    id: "default",
    stages,
    createdAt: epoch,
    updatedAt: epoch,
    archived: false,
  };
  return { status: 200, body: { results: [pipeline] } };
}
