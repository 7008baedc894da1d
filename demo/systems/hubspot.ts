import type { AuditEntry } from "../../sandbox/core/audit.ts";
import { createHubSpotSandbox } from "../../sandbox/hubspot/sandbox.ts";
import type { EntityName, Values } from "../story.ts";
import {
  allFields,
  auditWrite,
  type Cell,
  cellOf,
  chunks,
  entitiesOf,
  type ObjectShape,
  type OpenSystem,
  plainCall,
  type SystemShape,
  shapeOf,
  toCells,
  withoutBlanks,
  withoutRelations,
} from "./system.ts";

const whole: Required<SystemShape> = {
  company: {
    object: "companies",
    fields: { domain: "domain", name: "name", phone: "phone", city: "city", industry: "sector" },
  },
  contact: {
    object: "contacts",
    fields: {
      email: "email",
      firstName: "firstname",
      lastName: "lastname",
      phone: "phone",
      jobTitle: "jobtitle",
      city: "city",
      stage: "lifecyclestage",
      notes: "sales_notes",
      company: "associations.companies:Primary",
    },
  },
  deal: {
    object: "deals",
    fields: {
      title: "dealname",
      amount: "amount",
      stage: {
        cell: "dealstage",
        values: { open: "appointmentscheduled", lost: "closedlost", won: "closedwon" },
      },
      notes: "description",
      company: "associations.companies:Primary",
      contact: "associations.contacts",
    },
    constants: { pipeline: "default" },
  },
};

/** An emulated HubSpot account; with relations, contacts have a primary company and deals are associated with both. */
export async function openHubSpot(
  name: string,
  options: { readonly seed: number; readonly speed: number; readonly isRelated: boolean },
): Promise<OpenSystem> {
  const { speed } = options;
  const shape = options.isRelated ? whole : withoutRelations(whole);
  const sandbox = await createHubSpotSandbox({ seed: options.seed, speed });
  const { admin, url, token, oauth } = sandbox;
  admin.defineProperty("contacts", {
    name: "sales_notes",
    label: "Sales notes",
    type: "string",
    fieldType: "textarea",
  });
  admin.defineProperty("companies", { name: "sector", label: "Sector", type: "string", fieldType: "text" });
  const users = new Map<string, number>();
  let watchedFrom = 0;
  const userOf = (user: string) => {
    if (!users.has(user)) users.set(user, 500 + users.size);
    return users.get(user)!;
  };
  /** Adds what records are associated with to their properties, as the cells that it is mapped to. */
  const linker = ({ object, fields }: ObjectShape) => {
    const cells = Object.values(fields).map(cellOf).flatMap(associationOf);
    const known = cells.map(({ cell, to, label }) => ({ cell, ids: admin.associations(object, to, label) }));
    return (id: string, properties: Readonly<Record<string, unknown>>) => ({
      ...properties,
      ...Object.fromEntries(known.map(({ cell, ids }) => [cell, ids[id] ?? []])),
    });
  };
  const put = (user: string, entity: EntityName, id: string, links: readonly Link[]) => {
    for (const { to, label, id: toId } of links)
      admin.associateAs(userOf(user), shapeOf(shape, entity).object, id, to, toId, label);
  };

  return {
    name,
    label: "HubSpot",
    shape,
    async seed(entity, rows) {
      const { object, constants = {} } = shapeOf(shape, entity);
      const parts = rows.map(({ values }) => parted(toCells(shapeOf(shape, entity), values)));
      const ids = admin.seed(
        object,
        rows.map(({ ageDays }, i) => ({
          properties: { ...constants, ...withoutBlanks(parts[i]!.properties) },
          createdAt: Date.now() - ageDays * 86_400_000,
        })),
      );
      for (const [i, id] of ids.entries()) put("import", entity, id, parts[i]!.links);
      return ids;
    },
    watch: async () => {
      watchedFrom = admin.audit().at(-1)?.seq ?? 0;
    },
    async edit(user, entity, id, values) {
      const { properties, links } = parted(toCells(shapeOf(shape, entity), values));
      const given = Object.fromEntries(Object.entries(properties).map(([property, value]) => [property, value ?? ""]));
      if (Object.keys(given).length > 0) admin.edit(userOf(user), shapeOf(shape, entity).object, id, given);
      put(user, entity, id, links);
    },
    async records() {
      return entitiesOf(shape).flatMap((entity) => {
        const object = shapeOf(shape, entity);
        const withLinks = linker(object);
        return admin
          .records(object.object)
          .filter(({ archived }) => !archived)
          .map(({ id, properties }) => {
            return { system: name, entity, id, values: allFields(object, withLinks(id, properties)) };
          });
      });
    },
    writes: async () => folded(admin.audit(watchedFrom)).flatMap((entry) => auditWrite(name, shape, entry)),
    listen: (webhookUrl) => admin.subscribe(webhookUrl, subscriptionsOf(shape)),
    connection: {
      kind: "hubspot",
      options: {
        auth: { token },
        baseUrl: url,
        webhookSecrets: [oauth.clientSecret],
        pollMs: 15_000 / speed,
        lookbackMs: 60_000 / speed,
        searchesPerSecond: 4 * speed,
        timeoutMs: 3_000,
      },
    },
    setFaults: admin.setFaults,
    cutLines: async () => undefined,
    settled: admin.webhooksSettled,
    showAll: admin.indexNow,
    plain(ageOf) {
      const headers = { authorization: `Bearer ${token}` };
      const call = (method: string, path: string, body?: unknown) => plainCall(url + path, headers, method, body);
      const path = (entity: EntityName) => `/crm/v3/objects/${shapeOf(shape, entity).object}`;
      const propertiesOf = (entity: EntityName, values: Values) =>
        Object.fromEntries(
          Object.entries(parted(toCells(shapeOf(shape, entity), values)).properties).map(([cell, value]) => [
            cell,
            value ?? "",
          ]),
        );
      /** Adds what a record is linked to; what it was linked to before stays as well. */
      const link = async (entity: EntityName, id: string, values: Values) => {
        const { object } = shapeOf(shape, entity);
        for (const { to, label, id: toId } of parted(toCells(shapeOf(shape, entity), values)).links) {
          if (toId === null) continue;
          const primary = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: object === "deals" ? 5 : 1 }];
          const from = `/crm/v4/objects/${object}/${id}/associations`;
          await (label === null
            ? call("PUT", `${from}/default/${to}/${toId}`)
            : call("PUT", `${from}/${to}/${toId}`, primary));
        }
      };
      return {
        async list(entity) {
          const object = shapeOf(shape, entity);
          const cells = Object.values(object.fields).map(cellOf);
          const names = cells.filter((cell) => associationOf(cell).length === 0).join(",");
          const all: { id: string; properties: Record<string, unknown> }[] = [];
          for (let after: string | null = ""; after !== null; ) {
            const query: string = `?limit=100&properties=${names}${after === "" ? "" : `&after=${after}`}`;
            const { data } = await call("GET", path(entity) + query);
            const page = data as unknown as { results: typeof all; paging?: { next?: { after: string } } };
            all.push(...page.results);
            after = page.paging?.next?.after ?? null;
          }
          const withLinks = linker(object);
          return all.map(({ id, properties }) => {
            const values = allFields(object, withLinks(id, properties));
            return { system: name, entity, id, values, changedAt: ageOf(entity, id) };
          });
        },
        async create(entity, records) {
          const ids: (string | null)[] = [];
          for (const values of records) {
            const { constants = {} } = shapeOf(shape, entity);
            const body = { properties: { ...constants, ...propertiesOf(entity, values) } };
            const { ok, data } = await call("POST", path(entity), body);
            ids.push(ok ? String(data["id"]) : null);
            if (ok) await link(entity, String(data["id"]), values);
          }
          return ids;
        },
        async update(entity, changes) {
          for (const part of chunks(changes, 100)) {
            const inputs = part.map(({ id, values }) => ({ id, properties: propertiesOf(entity, values) }));
            const { ok } = await call("POST", `${path(entity)}/batch/update`, { inputs });
            // One refused value fails the batch; then one by one, and what is refused is dropped.
            if (!ok)
              for (const { id, properties } of inputs) await call("PATCH", `${path(entity)}/${id}`, { properties });
            for (const { id, values } of part) await link(entity, id, values);
          }
        },
      };
    },
    close: () => sandbox.close(),
  };
}

type Association = { readonly cell: string; readonly to: string; readonly label: string | null };
type Link = Association & { readonly id: string | null };

/** The association that a cell stands for, if it is one: `associations.companies:Primary`. */
function associationOf(cell: string): Association[] {
  const [, to, label = null] = /^associations\.([^:]+)(?::(.+))?$/u.exec(cell) ?? [];
  return to === undefined ? [] : [{ cell, to, label }];
}

/** Cells in the two forms that HubSpot keeps: properties, and associations. */
function parted(cells: Readonly<Record<string, Cell>>) {
  const properties: Record<string, string | null> = {};
  const links: Link[] = [];
  for (const [cell, value] of Object.entries(cells)) {
    const [association] = associationOf(cell);
    const text = value === null ? null : String(value);
    if (association === undefined) properties[cell] = text;
    else links.push({ ...association, id: text });
  }
  return { properties, links };
}

/** HubSpot tells of every mapped property and association, of creations and deletions. */
function subscriptionsOf(shape: SystemShape) {
  return entitiesOf(shape).flatMap((entity) => {
    const cells = Object.values(shapeOf(shape, entity).fields).map(cellOf);
    const properties = cells.filter((cell) => associationOf(cell).length === 0);
    return [
      { eventType: `${entity}.creation` },
      { eventType: `${entity}.deletion` },
      ...properties.map((propertyName) => ({ eventType: `${entity}.propertyChange`, propertyName })),
      ...(properties.length < cells.length ? [{ eventType: `${entity}.associationChange` }] : []),
    ];
  });
}

/**
 * One record in place of another is two calls, one to part and one to join: taken together they are one write, from what was there to what is
 * there then, as long as nobody else came between.
 */
function folded(entries: readonly AuditEntry[]): AuditEntry[] {
  const result: AuditEntry[] = [];
  const open = new Map<string, number>();
  for (const entry of entries) {
    const [name = ""] = Object.keys(entry.after);
    if (associationOf(name).length === 0) {
      result.push(entry);
      continue;
    }
    const key = `${entry.object}/${entry.id}/${name}`;
    const before = result[open.get(key) ?? -1];
    const isParted = before !== undefined && before.source === entry.source && before.after[name] === null;
    if (isParted) result[open.get(key)!] = { ...before, after: entry.after };
    else open.set(key, result.push(entry) - 1);
  }
  return result;
}
