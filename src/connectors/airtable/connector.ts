import type { RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Connector, MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { createRecordLinks } from "../../ports/record-links.ts";
import { encodeValue } from "./cell.ts";
import { keyFieldProblems, schemaProblems, scopeProblems } from "./check.ts";
import { createClient } from "./client.ts";
import { createFeed } from "./feed.ts";
import { createHooks } from "./hook.ts";
import { type AirtableOptions, keyFieldDefault } from "./options.ts";
import { createOwnWrites } from "./own-writes.ts";
import { judgePing } from "./ping.ts";
import { createReader } from "./read.ts";
import { batchMax } from "./records.ts";
import { type BoundTable, bind, createSchemaCache, describeTables } from "./schema.ts";
import { createTurns } from "./turns.ts";
import { writeRecords } from "./write.ts";

const pollMsDefault = 60_000;
const pollMsWithPings = 300_000;

/**
 * One Airtable base as a connected system. An object is a table, a cell a field, each by name or id; ids survive renaming. See
 * docs/connectors/airtable.md for what Airtable makes possible and what not.
 */
export function createAirtableConnector(options: AirtableOptions): Connector {
  const { system, baseId, clock, keyField = keyFieldDefault } = options;
  const client = createClient(options);
  const schema = createSchemaCache(client, baseId);
  const own = createOwnWrites();
  const reader = createReader(system, baseId, client, clock);
  const turns = createTurns();
  const secrets = new Map<string, string>();
  let user: Promise<{ readonly id: string; readonly scopes: readonly string[] | null }> | null = null;

  const whoami = () => {
    user ??= askWhoAmI().catch((error: unknown) => {
      user = null;
      throw error;
    });
    return user;
  };
  const askWhoAmI = async () => {
    const answer = await client.call({ method: "GET", path: "meta/whoami", effect: "read", what: "asking who we are" });
    const { id, scopes } = answer;
    if (typeof id !== "string") {
      throw new SyncFailure({ code: "UNREACHABLE", message: "asking who we are: the answer holds no user" });
    }
    return { id, scopes: Array.isArray(scopes) ? scopes.map(String) : null };
  };

  /** A table that is gone is answered like one that the token may not see: both are reasons to read the schema anew. */
  const doubtSchema = ({ code }: SyncError): void => {
    if (code === "SCHEMA" || code === "UNAUTHORIZED") schema.forget();
  };

  const onTable = async <Result>(
    object: MappedObject,
    run: (bound: BoundTable) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await run(bind(await schema.get(), object, keyField));
    } catch (error) {
      if (error instanceof SyncFailure) doubtSchema(error.error);
      throw error;
    }
  };

  const { notificationUrl } = options;
  const feed = createFeed({
    system,
    clock,
    own,
    token: options.token,
    intervalMs: options.pollMs ?? (notificationUrl === undefined ? pollMsDefault : pollMsWithPings),
    hooks: createHooks(client, baseId, notificationUrl),
    userId: async () => (await whoami()).id,
    bindAll: async (objects) => {
      const known = await schema.get();
      return objects.map((object) => bind(known, object, keyField));
    },
    forgetSchema: schema.forget,
    listening: ({ id, secret }) => secrets.set(id, secret),
  });

  return {
    system,
    label: "Airtable",
    recordUrl: createRecordLinks(async (object) => {
      const { tables } = await schema.get();
      const table = tables.find(({ id, name }) => id === object || name === object);
      return table === undefined ? null : (id) => `https://airtable.com/${baseId}/${table.id}/${id}`;
    }, clock.now),
    guarantees: { conditionalWrite: false, uniqueCreate: false, history: true, deleteEvents: true },
    limiters: client.limiters,
    writeBatchMax: batchMax,
    feed,

    async describe(objects) {
      schema.forget();
      return describeTables(await schema.get(), objects);
    },

    async check(objects, { prepare }) {
      schema.forget();
      const { scopes } = await whoami();
      const lacking = scopeProblems(scopes, objects);
      if (scopes?.includes("schema.bases:read") === false) return lacking;
      const known = await schema.get();
      const made = await keyFieldProblems({ client, baseId, keyField }, known, objects, prepare);
      if (prepare) schema.forget();
      return [...lacking, ...schemaProblems(known, objects), ...made];
    },

    encode: (_object, cell, value) => encodeValue(cell, value),

    read: (object, ids: readonly RecordId[]) =>
      ids.length === 0 ? Promise.resolve([]) : onTable(object, (bound) => reader.read(bound, ids)),

    scan: (object, cursor) => onTable(object, (bound) => reader.scan(bound, cursor)),

    write: (object, requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> =>
      onTable(object, async (bound) => {
        const deps = { baseId, client, clock, reader, own };
        const results = await turns.take(bound.table.id, () => writeRecords(deps, bound, requests));
        for (const result of results) if (result.kind === "failed") doubtSchema(result.error);
        return results;
      }),

    webhook: (request) => judgePing(request, baseId, secrets),

    close: () => Promise.resolve(),
  };
}
