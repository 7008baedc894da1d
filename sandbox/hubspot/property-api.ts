import type { SandboxAnswer } from "../core/serve.ts";
import { type JsonObject, objectsIn, stringIn } from "./body.ts";
import { addProperty, type Portal, type Table } from "./portal.ts";
import { completeProperty, fieldTypesOf, type Property, type PropertyDraft } from "./property.ts";
import { badRequest, type ErrorItem, Refusal } from "./refusal.ts";
import { batchTimes } from "./render.ts";

const uniquePropertiesMax = 10;

/** Answers below `/crm/v3/properties/{type}`; `rest` is the path after the type. `null` where there is no such path. */
export function answerProperties(
  portal: Portal,
  table: Table,
  method: string,
  rest: readonly string[],
  body: () => JsonObject,
): SandboxAnswer | null {
  const [first, second] = rest;
  if (first === undefined) {
    if (method === "GET") return { status: 200, body: { results: [...table.properties.values()] } };
    if (method === "POST") return { status: 201, body: createProperty(portal, table, body()) };
    return null;
  }
  if (first === "batch" && method === "POST") return batchProperties(portal, table, second ?? "", body());
  if (first === "groups") return answerGroups(table, method, second, body);
  if (second !== undefined) return null;
  if (method === "GET") return { status: 200, body: propertyOf(table, first) };
  if (method === "PATCH") return { status: 200, body: changeProperty(portal, table, first, body()) };
  if (method === "DELETE") {
    archiveProperty(table, first);
    return { status: 204, body: null };
  }
  return null;
}

function propertyOf(table: Table, name: string): Property {
  const property = table.properties.get(name);
  if (property === undefined) {
    throw new Refusal(404, { message: `Property "${name}" does not exist`, category: "OBJECT_NOT_FOUND" });
  }
  return property;
}

/** Takes a new definition. Whether it is unique can be said only here. */
function createProperty(portal: Portal, table: Table, body: JsonObject): Property {
  const name = stringIn(body, "name");
  const type = stringIn(body, "type") as PropertyDraft["type"];
  const fieldType = stringIn(body, "fieldType");
  const groupName = stringIn(body, "groupName");
  stringIn(body, "label");
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) throw badRequest(`Property name "${name}" is invalid`);
  if (!Object.hasOwn(fieldTypesOf, type)) throw badRequest(`Invalid property type: ${type}`);
  if (!fieldTypesOf[type].includes(fieldType)) throw badRequest(`fieldType ${fieldType} does not fit type ${type}`);
  if (!table.groups.has(groupName)) throw badRequest(`Property group "${groupName}" does not exist`);
  if (table.properties.has(name)) {
    throw new Refusal(409, {
      message: `A property named '${name}' already exists.`,
      category: "OBJECT_ALREADY_EXISTS",
      subCategory: "PropertiesError.PROPERTY_EXISTS",
    });
  }
  const unique = [...table.properties.values()].filter((property) => property.hasUniqueValue).length;
  if (body["hasUniqueValue"] === true && unique >= uniquePropertiesMax) {
    throw badRequest(`At most ${uniquePropertiesMax} properties may have unique values`);
  }
  const draft = { ...body, name, type, fieldType, groupName } as PropertyDraft;
  const property = completeProperty(draft, groupName, new Date(portal.now()).toISOString());
  addProperty(table, property);
  return property;
}

function changeProperty(portal: Portal, table: Table, name: string, body: JsonObject): Property {
  const property = propertyOf(table, name);
  if (property.modificationMetadata.readOnlyDefinition) throw badRequest(`"${name}" is a read only definition`);
  const changeable = [
    "label",
    "description",
    "groupName",
    "type",
    "fieldType",
    "options",
    "hidden",
    "displayOrder",
    "formField",
  ];
  const changes = Object.fromEntries(Object.entries(body).filter(([key]) => changeable.includes(key)));
  const at = new Date(portal.now()).toISOString();
  const { options } = completeProperty({ ...property, ...changes } as PropertyDraft, property.groupName, at);
  const changed = { ...property, ...changes, options, updatedAt: at } as Property;
  table.properties.set(name, changed);
  return changed;
}

/** Takes a definition away; the records keep their values out of sight. */
export function archiveProperty(table: Table, name: string): void {
  const property = propertyOf(table, name);
  if (property.modificationMetadata.readOnlyDefinition) throw badRequest(`"${name}" is a read only definition`);
  table.properties.delete(name);
  table.unique.delete(name);
}

function batchProperties(portal: Portal, table: Table, what: string, body: JsonObject): SandboxAnswer | null {
  const inputs = objectsIn(body, "inputs");
  if (what === "archive") {
    for (const input of inputs) archiveProperty(table, stringIn(input, "name"));
    return { status: 204, body: null };
  }
  const results: Property[] = [];
  const errors: ErrorItem[] = [];
  for (const input of inputs) {
    const name = stringIn(input, "name");
    const found = table.properties.get(name);
    if (what === "create") results.push(createProperty(portal, table, input));
    else if (what !== "read") return null;
    else if (found !== undefined) results.push(found);
    else errors.push({ status: "error", category: "OBJECT_NOT_FOUND", message: `Property "${name}" does not exist` });
  }
  const all = { ...batchTimes(portal), results };
  if (errors.length > 0) return { status: 207, body: { ...all, errors, numErrors: errors.length } };
  return { status: what === "create" ? 201 : 200, body: all };
}

function answerGroups(
  table: Table,
  method: string,
  name: string | undefined,
  body: () => JsonObject,
): SandboxAnswer | null {
  const render = ([group, label]: readonly [string, string]) => ({
    name: group,
    label,
    displayOrder: -1,
    archived: false,
  });
  if (method === "GET" && name === undefined) return { status: 200, body: { results: [...table.groups].map(render) } };
  if (method === "GET" && name !== undefined && table.groups.has(name)) {
    return { status: 200, body: render([name, table.groups.get(name)!]) };
  }
  if (method !== "POST" || name !== undefined) return null;
  const group = [stringIn(body(), "name"), stringIn(body(), "label")] as const;
  table.groups.set(...group);
  return { status: 201, body: render(group) };
}
