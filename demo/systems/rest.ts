import { createRestSandbox } from "../../sandbox/rest/sandbox.ts";
import type { ObjectInput } from "../../sandbox/rest/world.ts";
import type { EntityName } from "../story.ts";
import {
  allFields,
  auditWrite,
  cellOf,
  entitiesOf,
  type OpenSystem,
  plainCall,
  type SystemShape,
  shapeOf,
  toCells,
} from "./system.ts";

const shape: SystemShape = {
  company: {
    object: "companies",
    fields: { domain: "website", name: "name", phone: "phone", city: "city", industry: "industry" },
  },
  contact: {
    object: "contacts",
    fields: {
      email: "email",
      firstName: "firstName",
      lastName: "lastName",
      phone: "phone",
      jobTitle: "jobTitle",
      city: "city",
      stage: "stage",
      notes: "notes",
      company: "companyId",
    },
  },
  deal: {
    object: "deals",
    fields: {
      title: "title",
      amount: { cell: "amount", as: "number" },
      stage: "stage",
      notes: "notes",
      company: "companyId",
      contact: "contactId",
    },
  },
};

const secret = `whsec_${Buffer.from("only the demo knows").toString("base64")}`;
/** Four times as many are asked for by Truce as the tool has in a second; it has no limit of its own. */
const requestsPerSecond = 20;

/** An in-house service with cursors, ETags and signed webhooks, known to Truce by config alone. */
export async function openRest(
  name: string,
  { seed, speed }: { readonly seed: number; readonly speed: number },
): Promise<OpenSystem> {
  // What is seeded was changed long ago, by the service's own clock.
  let seededAt: number | null = null;
  const sandbox = await createRestSandbox({
    seed,
    clock: () => seededAt ?? Date.now(),
    objects: Object.fromEntries(Object.values(shape).map(({ object, fields }) => [object, objectInput(fields)])),
    style: {
      paging: "cursor",
      envelope: true,
      write: "patch",
      version: "etag",
      deletes: "hard",
      pageMax: 100,
      answers: "record",
    },
  });
  const { admin, url, token } = sandbox;
  let watchedFrom = 0;
  return {
    name,
    label: "REST tool",
    shape,
    async seed(entity, rows) {
      const object = shapeOf(shape, entity);
      const ids = new Array<string>(rows.length);
      const oldestFirst = rows.map((row, i) => ({ ...row, i })).sort((a, b) => b.ageDays - a.ageDays);
      for (const { values, ageDays, i } of oldestFirst) {
        seededAt = Date.now() - ageDays * 86_400_000;
        ids[i] = admin.create(object.object, toCells(object, values));
      }
      seededAt = null;
      return ids;
    },
    async watch() {
      watchedFrom = admin.audit().at(-1)?.seq ?? 0;
    },
    async edit(_user, entity, id, values) {
      const object = shapeOf(shape, entity);
      admin.edit(object.object, id, toCells(object, values));
    },
    async records() {
      return entitiesOf(shape).flatMap((entity) => {
        const object = shapeOf(shape, entity);
        return admin
          .records(object.object)
          .map(({ id, fields }) => ({ system: name, entity, id, values: allFields(object, fields) }));
      });
    },
    writes: async () => admin.audit(watchedFrom).flatMap((entry) => auditWrite(name, shape, entry)),
    listen: (webhookUrl) => admin.setHook(webhookUrl, secret),
    connection: {
      kind: "rest",
      options: {
        url,
        auth: { type: "bearer", token },
        rateLimit: { requests: requestsPerSecond * speed, per: 1_000 },
        pollMs: 30_000 / speed,
        timeoutMs: 3_000,
        webhook: {
          verify: { type: "standard", secrets: [secret] },
          id: "id",
          object: { at: "object", is: Object.fromEntries(Object.values(shape).map(({ object }) => [object, object])) },
          record: "data",
        },
        defaults: {
          list: {
            items: "data",
            total: "meta.total",
            paging: { type: "cursor", param: "cursor", next: "meta.next", sizeParam: "limit", size: 100 },
          },
          read: { record: "data" },
          modifiedAt: "updatedAt",
          version: "etag",
          absent: "blank",
          changes: { type: "since", query: { updated_since: "{since}" }, overlap: 60_000 / speed },
          key: "truceId",
          keyUnique: true,
          lookup: { truceId: "truceId={value}", email: "email={value}" },
          update: { method: "PATCH" },
        },
        objects: Object.fromEntries(Object.values(shape).map(({ object }) => [object, { path: `/${object}` }])),
      },
    },
    setFaults: admin.setFaults,
    cutLines: async () => undefined,
    settled: admin.settled,
    showAll: () => undefined,
    plain(ageOf) {
      const headers = { authorization: `Bearer ${token}` };
      const path = (entity: EntityName) => `${url}/${shapeOf(shape, entity).object}`;
      return {
        async list(entity) {
          const object = shapeOf(shape, entity);
          return admin.records(object.object).map(({ id, fields }) => {
            return { system: name, entity, id, values: allFields(object, fields), changedAt: ageOf(entity, id) };
          });
        },
        async create(entity, records) {
          const ids: (string | null)[] = [];
          for (const values of records) {
            const { ok, data } = await plainCall(
              path(entity),
              headers,
              "POST",
              toCells(shapeOf(shape, entity), values),
            );
            ids.push(ok ? String((data["data"] as { readonly id: number }).id) : null);
          }
          return ids;
        },
        async update(entity, changes) {
          for (const { id, values } of changes) {
            // It wants to know which version is meant: the present one, whatever it is.
            const answer = await fetch(`${path(entity)}/${id}`, { headers });
            await answer.arrayBuffer();
            const condition = { ...headers, "if-match": answer.headers.get("etag") ?? "" };
            await plainCall(`${path(entity)}/${id}`, condition, "PATCH", toCells(shapeOf(shape, entity), values));
          }
        },
      };
    },
    close: () => sandbox.close(),
  };
}

function objectInput(fields: Readonly<Record<string, Parameters<typeof cellOf>[0]>>): ObjectInput {
  const kinds = Object.entries(fields).map(([name, field]) => [
    cellOf(field),
    name === "email" ? ("email" as const) : name === "amount" ? ("number" as const) : ("text" as const),
  ]);
  return { fields: { ...Object.fromEntries(kinds), truceId: "text" }, unique: ["truceId"] };
}
