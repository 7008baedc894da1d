import { SyncFailure } from "../../model/sync-error.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { createSeenVersions } from "../../ports/seen-versions.ts";
import { encodeValue } from "./cell.ts";
import { checkObject } from "./check.ts";
import { createClient } from "./client.ts";
import { createFeed } from "./feed.ts";
import { keyFieldDefault, type SalesforceOptions } from "./options.ts";
import { createReader } from "./read.ts";
import { type BoundObject, createSchema, describeObject } from "./schema.ts";
import { createStreams } from "./streams.ts";
import { createPubSubLink } from "./subscription.ts";
import { batchMax, writeRecords } from "./write.ts";

const pubsubDefault = "api.pubsub.salesforce.com:7443";
const pollMsDefault = 30_000;
const lookbackMsDefault = 120_000;
/** From here on a job saves calls: fifty are as many as a job's pages take. */
const bulkFromDefault = 100_000;
/** Described when nobody names objects; custom ones come along. */
const commonObjects = ["Account", "Contact", "Lead", "Opportunity"];

/**
 * One Salesforce org as a connected system. An object is an sObject and a cell a field, each by its API name. See docs/connectors/salesforce.md for
 * what Salesforce makes possible and what not.
 */
export function createSalesforceConnector(options: SalesforceOptions): Connector {
  const { system, clock, keyField = keyFieldDefault } = options;
  const client = createClient(options);
  const schema = createSchema(client, keyField);
  const reader = createReader({ system, client, clock, bulkFrom: options.bulkFrom ?? bulkFromDefault });
  const seen = createSeenVersions();

  /** A field or an object may have been removed since it was described: the work is done once more with what is there now. */
  const onObject = async <Result>(
    object: MappedObject,
    work: (bound: BoundObject) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await work(await schema.bind(object));
    } catch (error) {
      if (!(error instanceof SyncFailure) || error.error.code !== "SCHEMA") throw error;
      schema.forget();
      return work(await schema.bind(object));
    }
  };

  const link = options.capture === "poll" ? null : createPubSubLink(options.pubsub ?? pubsubDefault);
  const streams = link === null ? null : createStreams({ system, client, clock, link, onObject });

  return {
    system,
    label: "Salesforce",
    recordUrl: (object, id) => `${new URL(options.url).origin}/lightning/r/${object}/${id}/view`,
    guarantees: { conditionalWrite: true, uniqueCreate: true, history: false, deleteEvents: true },
    writeBatchMax: batchMax,
    feed: createFeed({
      system,
      client,
      clock,
      reader,
      seen,
      onObject,
      streams,
      intervalMs: options.pollMs ?? pollMsDefault,
      lookbackMs: options.lookbackMs ?? lookbackMsDefault,
    }),

    async describe(objects) {
      schema.forget();
      const wanted = objects ?? (await describable());
      return Promise.all(wanted.map(async (object) => describeObject(await schema.sobject(object))));
    },

    async check(objects, { prepare }) {
      schema.forget();
      const problems = await Promise.all(
        objects.map((object) => checkObject({ client, schema, keyField }, object, prepare)),
      );
      return problems.flat();
    },

    encode: (_object, cell, value) => encodeValue(cell, value),

    read: async (object, ids) =>
      ids.length === 0 ? [] : onObject(object, async (bound) => reader.tell(bound, await reader.find(bound, ids), ids)),

    scan: (object, cursor) => onObject(object, (bound) => reader.scan(bound, cursor)),

    async write(object, requests) {
      const results = await onObject(object, (bound) =>
        writeRecords({ system, client, clock, reader }, bound, requests),
      );
      // It may be that a field is gone or has changed: the next call looks.
      const isDoubtful = results.some(
        (one) => one.kind === "failed" && ["SCHEMA", "REJECTED"].includes(one.error.code),
      );
      if (isDoubtful) schema.forget();
      return results;
    },

    close: () => {
      streams?.reset();
      link?.close();
      return Promise.resolve();
    },
  };

  async function describable(): Promise<readonly string[]> {
    const listed = (await schema.list()).filter(({ queryable }) => queryable);
    const names = new Set(listed.map(({ name }) => name));
    return [
      ...commonObjects.filter((name) => names.has(name)),
      ...listed.filter(({ name, custom }) => custom && name.endsWith("__c")).map(({ name }) => name),
    ];
  }
}
