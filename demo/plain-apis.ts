import pg from "pg";
import type { PlainApi } from "./last-write-wins.ts";
import { allFields, shape, toSystem } from "./shape.ts";
import type { DemoSystem, EntityName, Values } from "./story.ts";
import type { DemoWorld } from "./world.ts";

/** The systems as a plain integration uses them: through their public APIs, without a second look. */
export function plainApis(world: DemoWorld): {
  readonly apis: Readonly<Record<DemoSystem, PlainApi>>;
  close(): Promise<void>;
} {
  const pool = new pg.Pool({ connectionString: world.databaseUrl, max: 2, application_name: "last-write-wins" });
  // Connections that end with the server are no failure of the demo.
  pool.on("error", () => undefined);
  const ages = new Map(
    world.seeded.map((record) => [`${record.system}/${record.entity}/${record.id}`, -record.ageDays]),
  );
  const changedAt = (system: DemoSystem, entity: EntityName, id: string) => ages.get(`${system}/${entity}/${id}`) ?? 0;
  const apis = {
    crm: crmApi(world, changedAt),
    db: databaseApi(pool, changedAt),
    marketing: marketingApi(world, changedAt),
  };
  return { apis, close: () => pool.end() };
}

type ChangedAt = (system: DemoSystem, entity: EntityName, id: string) => number;

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

async function call(
  url: string,
  token: string,
  method: string,
  body?: unknown,
): Promise<{ ok: boolean; data: Record<string, never> }> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { ok: response.ok, data: (await response.json().catch(() => ({}))) as Record<string, never> };
}

function crmApi({ crm }: DemoWorld, changedAt: ChangedAt): PlainApi {
  const path = (entity: EntityName) => `${crm.url}/crm/v3/objects/${shape.crm[entity].object}`;
  const properties = (entity: EntityName, values: Values) =>
    Object.fromEntries(Object.entries(toSystem("crm", entity, values)).map(([name, value]) => [name, value ?? ""]));
  return {
    async list(entity) {
      const all: { id: string; properties: Record<string, unknown> }[] = [];
      const names = Object.values(shape.crm[entity].fields).join(",");
      for (let after: string | null = ""; after !== null; ) {
        const { data } = await call(
          `${path(entity)}?limit=100&properties=${names}${after === "" ? "" : `&after=${after}`}`,
          crm.token,
          "GET",
        );
        const page = data as unknown as { results: typeof all; paging?: { next?: { after: string } } };
        all.push(...page.results);
        after = page.paging?.next?.after ?? null;
      }
      return all.map(({ id, properties: cells }) => ({
        system: "crm" as const,
        entity,
        id,
        values: allFields("crm", entity, cells),
        changedAt: changedAt("crm", entity, id),
      }));
    },
    async create(entity, records) {
      const ids: (string | null)[] = [];
      for (const values of records) {
        const { ok, data } = await call(path(entity), crm.token, "POST", { properties: properties(entity, values) });
        ids.push(ok ? String(data["id"]) : null);
      }
      return ids;
    },
    async update(entity, changes) {
      for (const part of chunks(changes, 100)) {
        const inputs = part.map(({ id, values }) => ({ id, properties: properties(entity, values) }));
        const { ok } = await call(`${path(entity)}/batch/update`, crm.token, "POST", { inputs });
        // One refused value fails the batch; then one by one, and what is refused is dropped.
        if (!ok)
          for (const { id, properties: cells } of inputs)
            await call(`${path(entity)}/${id}`, crm.token, "PATCH", { properties: cells });
      }
    },
  };
}

function databaseApi(pool: pg.Pool, changedAt: ChangedAt): PlainApi {
  return {
    async list(entity) {
      const { rows } = await pool.query(`select * from ${shape.db[entity].object} order by id`);
      return rows.map((row) => ({
        system: "db" as const,
        entity,
        id: String(row.id),
        values: allFields("db", entity, row),
        changedAt: changedAt("db", entity, String(row.id)),
      }));
    },
    async create(entity, records) {
      const { rows } = await pool.query<{ id: string }>(
        `insert into ${shape.db[entity].object} (${Object.values(shape.db[entity].fields).join(", ")})
         select ${Object.values(shape.db[entity].fields).join(", ")} from jsonb_populate_recordset(null::${shape.db[entity].object}, $1) returning id::text`,
        [JSON.stringify(records.map((values) => toSystem("db", entity, values)))],
      );
      return rows.map((row) => row.id);
    },
    async update(entity, changes) {
      for (const { id, values } of changes) {
        const entries = Object.entries(toSystem("db", entity, values));
        const sets = entries.map(([name], i) => `${name} = $${i + 2}`).join(", ");
        await pool.query(`update ${shape.db[entity].object} set ${sets}, updated_at = now() where id = $1`, [
          id,
          ...entries.map(([, value]) => value),
        ]);
      }
    },
  };
}

function marketingApi({ marketing }: DemoWorld, changedAt: ChangedAt): PlainApi {
  const path = (entity: EntityName) => `${marketing.url}/v0/${marketing.baseId}/${shape.marketing[entity].object}`;
  return {
    async list(entity) {
      const all: { id: string; fields: Record<string, unknown> }[] = [];
      for (let offset: string | undefined = ""; offset !== undefined; ) {
        const { data } = await call(
          `${path(entity)}?pageSize=100${offset === "" ? "" : `&offset=${encodeURIComponent(offset)}`}`,
          marketing.token,
          "GET",
        );
        const page = data as unknown as { records: typeof all; offset?: string };
        all.push(...page.records);
        offset = page.offset;
      }
      return all.map(({ id, fields }) => ({
        system: "marketing" as const,
        entity,
        id,
        values: allFields("marketing", entity, fields),
        changedAt: changedAt("marketing", entity, id),
      }));
    },
    async create(entity, records) {
      const ids: (string | null)[] = [];
      for (const part of chunks(records, 10)) {
        const body = { records: part.map((values) => ({ fields: toSystem("marketing", entity, values) })) };
        const { ok, data } = await call(path(entity), marketing.token, "POST", body);
        const made = ok ? (data as unknown as { records: { id: string }[] }).records : [];
        ids.push(...part.map((_, i) => made[i]?.id ?? null));
      }
      return ids;
    },
    async update(entity, changes) {
      for (const part of chunks(changes, 10)) {
        await call(path(entity), marketing.token, "PATCH", {
          records: part.map(({ id, values }) => ({ id, fields: toSystem("marketing", entity, values) })),
        });
      }
    },
  };
}
