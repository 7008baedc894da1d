import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";

/** What is sent to Subscribe: the first names the topic and the place, each asks for more events. */
export type FetchRequest = {
  readonly topic_name?: string;
  readonly replay_preset?: "LATEST" | "EARLIEST" | "CUSTOM";
  readonly replay_id?: Uint8Array;
  readonly num_requested: number;
};

export type ConsumerEvent = {
  readonly event: { readonly id: string; readonly schema_id: string; readonly payload: Buffer };
  readonly replay_id: Buffer;
};

/** Without events: a sign of life, with the place that has been reached. */
export type FetchResponse = {
  readonly events: readonly ConsumerEvent[];
  readonly latest_replay_id: Buffer;
  readonly pending_num_requested: number;
};

export type SchemaInfo = { readonly schema_json: string; readonly schema_id: string };

const text = (id: number) => ({ type: "string", id });

/**
 * The calls of the Pub/Sub API that Truce makes. Source: pubsub_api.proto in forcedotcom/pub-sub-api (CC0), with the field numbers that matter here; a
 * test compares both.
 */
const descriptor = {
  nested: {
    eventbus: {
      nested: {
        v1: {
          nested: {
            ReplayPreset: { values: { LATEST: 0, EARLIEST: 1, CUSTOM: 2 } },
            ProducerEvent: { fields: { id: text(1), schema_id: text(2), payload: { type: "bytes", id: 3 } } },
            ConsumerEvent: {
              fields: { event: { type: "ProducerEvent", id: 1 }, replay_id: { type: "bytes", id: 2 } },
            },
            FetchRequest: {
              fields: {
                topic_name: text(1),
                replay_preset: { type: "ReplayPreset", id: 2 },
                replay_id: { type: "bytes", id: 3 },
                num_requested: { type: "int32", id: 4 },
              },
            },
            FetchResponse: {
              fields: {
                events: { rule: "repeated", type: "ConsumerEvent", id: 1 },
                latest_replay_id: { type: "bytes", id: 2 },
                rpc_id: text(3),
                pending_num_requested: { type: "int32", id: 4 },
              },
            },
            SchemaRequest: { fields: { schema_id: text(1) } },
            SchemaInfo: { fields: { schema_json: text(1), schema_id: text(2), rpc_id: text(3) } },
            PubSub: {
              methods: {
                Subscribe: {
                  requestType: "FetchRequest",
                  requestStream: true,
                  responseType: "FetchResponse",
                  responseStream: true,
                },
                GetSchema: { requestType: "SchemaRequest", responseType: "SchemaInfo" },
              },
            },
          },
        },
      },
    },
  },
};

/** The service, for a client as for a server. */
export const pubSub = fromJSON(descriptor as unknown as Parameters<typeof fromJSON>[0], {
  keepCase: true,
  defaults: true,
  enums: String,
})["eventbus.v1.PubSub"] as ServiceDefinition;
