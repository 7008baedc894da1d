import { SyncFailure } from "../../model/sync-error.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { encodeValue } from "./cell.ts";
import { prepareKeyFields, schemaProblems } from "./check.ts";
import { createClient } from "./client.ts";
import { createFeed } from "./feed.ts";
import { createHook, hookAddress } from "./hook.ts";
import { type ActiveCampaignOptions, keyFieldDefault } from "./options.ts";
import { pageOf } from "./page-of.ts";
import { createReader } from "./read.ts";
import { type Bound, bind, createSchemaCache, describeObjects, fieldOf, nameOf } from "./schema.ts";
import { judgeWebhook } from "./webhook.ts";
import { writeRecords } from "./write.ts";

const pollMsDefault = 60_000;
/** Each record is a call of its own, a few a second. */
const writeBatchMax = 20;

/**
 * One ActiveCampaign account as a connected system, with contacts, accounts and deals. See docs/connectors/activecampaign.md for what the vendor makes
 * possible and what not.
 */
export function createActiveCampaignConnector(options: ActiveCampaignOptions): Connector {
  const { system, clock, keyField = keyFieldDefault } = options;
  const client = createClient(options);
  const schema = createSchemaCache(client, clock);
  const reader = createReader(system, client, clock);

  const bound = async (object: MappedObject): Promise<Bound> => bind(await schema.get(), object, keyField);
  /** A field may have gone since they were looked up. */
  const onObject = async <Result>(object: MappedObject, run: (one: Bound) => Promise<Result>): Promise<Result> => {
    try {
      return await run(await bound(object));
    } catch (error) {
      if (error instanceof SyncFailure && error.error.code === "SCHEMA") schema.forget();
      throw error;
    }
  };

  return {
    system,
    label: "ActiveCampaign",
    recordUrl: (object, id) => pageOf(options.url, object, id),
    guarantees: { conditionalWrite: false, uniqueCreate: false, history: false, deleteEvents: false },
    limiters: client.limiters,
    writeBatchMax,
    feed: createFeed({
      system,
      clock,
      reader,
      intervalMs: options.pollMs ?? pollMsDefault,
      bind: (object) => onObject(object, (one) => Promise.resolve(one)),
      listen: createHook(client, clock, hookAddress(options.notificationUrl, options.webhookSecret)),
    }),

    async describe(objects) {
      schema.forget();
      return describeObjects(await schema.get(), objects);
    },

    async check(objects, { prepare }) {
      schema.forget();
      if (prepare && (await prepareKeyFields(client, await schema.get(), objects, keyField))) schema.forget();
      return schemaProblems(await schema.get(), objects, keyField);
    },

    encode(object, cell, value) {
      const known = schema.last();
      const name = nameOf(object);
      const field = known === null || name === null ? undefined : fieldOf(known, name, cell.cell);
      return encodeValue(field, cell, value);
    },

    read: (object, ids) => (ids.length === 0 ? Promise.resolve([]) : onObject(object, (one) => reader.read(one, ids))),

    scan: (object, cursor) => onObject(object, (one) => reader.scan(one, cursor)),

    write: (object, requests) =>
      requests.length === 0
        ? Promise.resolve([])
        : onObject(object, (one) => writeRecords({ system, client, reader, clock }, one, requests)),

    webhook: (request) => judgeWebhook(system, options.webhookSecret, request),

    close: () => Promise.resolve(),
  };
}
