import type { ObjectName } from "../../model/record.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { encodeValue } from "./cell.ts";
import { objectProblems } from "./check.ts";
import { createClient } from "./client.ts";
import { createFeed } from "./feed.ts";
import type { ObjectShape, RestOptions } from "./options.ts";
import { createReader } from "./read.ts";
import { type Bound, isNamedByKey, shapeOf } from "./record.ts";
import { objectSchema, sampleRecords } from "./schema.ts";
import { judgeWebhook } from "./webhook.ts";
import { writeRecords } from "./write.ts";

const pollMsDefault = 60_000;

/**
 * A tool with a JSON HTTP API as a connected system, by what the config says of it. An object is a collection, a cell a field of its records, by
 * name or path. See docs/connectors/rest.md. `mapped`: the objects that webhooks may be about.
 */
export function createRestConnector(options: RestOptions, mapped: readonly MappedObject[]): Connector {
  const { system, clock, webhook } = options;
  const client = createClient(options);
  const reader = createReader(system, client, clock);
  const bind = (object: MappedObject): Bound => ({ object, shape: shapeOf(options, object.object) });
  const shapes = Object.keys(options.objects).map((name) => shapeOf(options, name));
  const bindMapped = (name: ObjectName): Bound | null => {
    const object = mapped.find((one) => one.object === name);
    return object === undefined ? null : bind(object);
  };
  const isPolled = shapes.some(({ changes }) => changes !== undefined && changes.type !== "none");

  return {
    system,
    label: `REST at ${new URL(options.url).host}`,
    guarantees: {
      conditionalWrite: shapes.every(({ version }) => version !== undefined),
      uniqueCreate: shapes.every((shape) => isNamedByKey(shape) || shape.keyUnique === true),
      history: false,
      deleteEvents: shapes.every(tellsDeletes),
    },
    limiters: client.limiters,
    writeBatchMax: 50,
    feed: isPolled ? createFeed({ system, client, clock, intervalMs: options.pollMs ?? pollMsDefault, bind }) : null,

    describe: (objects = Object.keys(options.objects)) =>
      Promise.all(
        objects.map(async (name) => {
          const shape = shapeOf(options, name);
          return objectSchema(name, shape, shape.fields === undefined ? await sampleRecords(client, shape, name) : []);
        }),
      ),

    async check(objects) {
      const problems = await Promise.all(objects.map((object) => objectProblems(client, reader, bind(object))));
      return problems.flat();
    },

    encode: (object, cell, value) => encodeValue(cell, shapeOf(options, object).fields?.[cell.cell], value),

    read: (object, ids) => (ids.length === 0 ? Promise.resolve([]) : reader.read(bind(object), ids)),

    scan: (object, cursor) => reader.scan(bind(object), cursor),

    write: (object, requests) => writeRecords({ system, client, clock, reader }, bind(object), requests),

    ...(webhook === undefined ? {} : { webhook: (request) => judgeWebhook(options, webhook, bindMapped, request) }),

    close: () => Promise.resolve(),
  };
}

function tellsDeletes({ deleted, changes }: ObjectShape): boolean {
  if (changes?.type === "token") return changes.deleted !== undefined || deleted !== undefined;
  return deleted !== undefined && (changes?.type === "since" || changes?.type === "list");
}
