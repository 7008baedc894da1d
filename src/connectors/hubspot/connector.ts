import type { ObjectName } from "../../model/record.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { createRecordLinks } from "../../ports/record-links.ts";
import { createSeenVersions } from "../../ports/seen-versions.ts";
import { encodeValue } from "./cell.ts";
import { checkObject } from "./check.ts";
import { createClient } from "./client.ts";
import { orElse } from "./errors.ts";
import { createFeed } from "./feed.ts";
import { canonicalName } from "./object-name.ts";
import { type HubSpotOptions, keyPropertyDefault } from "./options.ts";
import { createOwnWrites } from "./own-writes.ts";
import { pagesOf } from "./pages.ts";
import { batchMax, createReader } from "./read.ts";
import { createSchema, describeObject } from "./schema.ts";
import { judgeWebhook } from "./webhook.ts";
import { writeRecords } from "./write.ts";

const pollMsDefault = 15_000;
const lookbackMsDefault = 60_000;
/** Described when nobody names objects; custom ones come along. */
const commonObjects: readonly ObjectName[] = ["contacts", "companies", "deals"];

/**
 * One HubSpot account as a connected system. An object is a type by any of its names (`contacts`, `0-1`, `2-100001`, a custom object's own name), a
 * cell a property by its internal name. See docs/connectors/hubspot.md for what HubSpot makes possible and what not.
 */
export function createHubSpotConnector(options: HubSpotOptions): Connector {
  const { system, clock, keyProperty = keyPropertyDefault } = options;
  const client = createClient(options);
  const schema = createSchema(client);
  const own = createOwnWrites(client, clock);
  const reader = createReader({ system, client, clock, own, keyProperty });
  const seen = createSeenVersions();
  /** What webhooks call an object by its type id, the config may call otherwise. */
  const names = new Map<string, ObjectName>();

  const learn = async (objects: readonly MappedObject[]): Promise<void> => {
    for (const { object } of objects) {
      if ([...names.values()].includes(object)) continue;
      // What can't be learned now is learned later; until then its webhooks only wake the feed.
      const typeId = await orElse(schema.typeId(object), null);
      if (typeId !== null) names.set(typeId, object);
    }
  };

  return {
    system,
    label: "HubSpot",
    recordUrl: createRecordLinks((object) => pagesOf(client, schema, object), clock.now),
    guarantees: { conditionalWrite: false, uniqueCreate: true, history: true, deleteEvents: true },
    limiters: client.limiters,
    writeBatchMax: batchMax,
    feed: createFeed({
      system,
      client,
      clock,
      reader,
      seen,
      learn,
      intervalMs: options.pollMs ?? pollMsDefault,
      lookbackMs: options.lookbackMs ?? lookbackMsDefault,
    }),

    async describe(objects) {
      schema.forget();
      const customs = await orElse(schema.customObjects(), []);
      const labels = new Map(customs.map(({ typeId, label }) => [typeId, label]));
      const wanted = objects ?? [...commonObjects, ...labels.keys()];
      return Promise.all(
        wanted.map(async (object) => {
          return describeObject(object, labels.get(object) ?? object, await schema.properties(object));
        }),
      );
    },

    async check(objects, { prepare }) {
      schema.forget();
      await learn(objects);
      const problems = await Promise.all(
        objects.map((object) => checkObject({ client, schema, keyProperty }, object, prepare)),
      );
      return problems.flat();
    },

    encode: (_object, cell, value) => encodeValue(cell, value),

    read: async (object, ids) => reader.tell(object, await reader.find(object, ids), ids),

    scan: (object, cursor) => reader.scan(object, cursor),

    write: (object, requests) =>
      writeRecords({ system, client, clock, reader, schema, own, keyProperty, seen }, object, requests),

    webhook: (request) =>
      judgeWebhook(
        {
          system,
          secrets: options.webhookSecrets ?? [],
          // Before the feed's first pull the standard names are the best guess; a custom object's is then its id.
          objectOf: (typeId) => names.get(typeId) ?? (names.size === 0 ? canonicalName(typeId) : null),
        },
        request,
      ),

    close: () => Promise.resolve(),
  };
}
