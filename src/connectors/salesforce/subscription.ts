import {
  type ClientDuplexStream,
  credentials,
  Client as GrpcClient,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import avsc from "avsc";
import { objectOf, own, textsOf } from "../../ports/json-object.ts";
import { namedFields, type RecordSchema } from "./bitmap.ts";
import { type ChangeEvent, changeEventOf } from "./change-event.ts";
import { type ConsumerEvent, type FetchRequest, type FetchResponse, pubSub, type SchemaInfo } from "./protocol.ts";
import type { Session } from "./tokens.ts";

/** The place after an event in its topic, as text. Opaque: of two, neither can be told to be the later. */
export type ReplayId = string;

export type StreamedEvent = {
  /** `null` where it could not be made out. */
  readonly event: ChangeEvent | null;
  readonly replayId: ReplayId;
};

/** Why a subscription ended. lost: its place is not kept any more. barred: not allowed, or used up for today. */
export type StreamEnd = { readonly kind: "lost" | "expired" | "barred" | "broken"; readonly message: string };

export type Subscription = {
  readonly topic: string;
  /** Events that have come since; `reached`: the place after the last one, or that a sign of life told. */
  take(max: number): { readonly events: readonly StreamedEvent[]; readonly reached: ReplayId | null };
  /** Set once the stream has ended; what came before can still be taken. */
  readonly end: StreamEnd | null;
  close(): void;
};

export type PubSubLink = {
  subscribe(options: {
    readonly topic: string;
    /** `null`: from now on. */
    readonly after: ReplayId | null;
    readonly session: Session;
    /** Something came, or the stream ended. */
    readonly news: () => void;
  }): Subscription;
  close(): void;
};

/** The most that one request may ask for. */
const requestedMax = 100;

/** A connection to the Pub/Sub API, shared by all topics. */
export function createPubSubLink(address: string): PubSubLink {
  const isLoopback = /^(?:127\.0\.0\.1|localhost|\[::1\]):/u.test(address);
  const client = new GrpcClient(address, isLoopback ? credentials.createInsecure() : credentials.createSsl(), {
    "grpc.keepalive_time_ms": 60_000,
    "grpc.max_receive_message_length": 16 * 1024 * 1024,
  });
  /** Schemas by id: they never change. */
  const schemas = new Map<string, Promise<Decoder>>();
  const decoderOf = (id: string, metadata: Metadata): Promise<Decoder> => {
    const known = schemas.get(id);
    if (known !== undefined) return known;
    const reading = readSchema(client, id, metadata);
    schemas.set(id, reading);
    reading.catch(() => schemas.delete(id));
    return reading;
  };
  return {
    subscribe: (options) => openStream(client, decoderOf, options),
    close: () => client.close(),
  };
}

type Decoder = (payload: Buffer) => ChangeEvent | null;

function readSchema(client: GrpcClient, id: string, metadata: Metadata): Promise<Decoder> {
  const { path, requestSerialize, responseDeserialize } = pubSub["GetSchema"]!;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, SchemaInfo>(
      path,
      requestSerialize,
      responseDeserialize,
      { schema_id: id },
      metadata,
      (error, info) => {
        if (error !== null || info === undefined) reject(error ?? new Error(`no schema ${id}`));
        else resolve(decoder(info.schema_json));
      },
    );
  });
}

/** Commit numbers outgrow a JavaScript number: those become text. */
const wideLong = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => {
    const wide = buffer.readBigInt64LE();
    return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide.toString();
  },
  toBuffer: (value: number | string) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  },
  fromJSON: Number,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "number" || typeof value === "string",
  compare: (a: number | string, b: number | string) => (BigInt(a) < BigInt(b) ? -1 : Number(BigInt(a) > BigInt(b))),
});

/** Decodes events of one schema: Avro with bit maps in place of names. */
function decoder(schemaJson: string): Decoder {
  const schema = JSON.parse(schemaJson) as RecordSchema;
  // Types of a union are told apart by the value, so that it is not wrapped in an object that names its type.
  const type = avsc.Type.forSchema(schema as never, { wrapUnions: false, registry: { long: wideLong } });
  return (payload) => {
    const json = objectOf(type.fromBuffer(payload));
    const header = objectOf(own(json ?? {}, "ChangeEventHeader"));
    if (json === undefined || header === undefined) return null;
    const named = (key: string) => namedFields(schema, textsOf(own(header, key)));
    const plain = {
      ...header,
      changedFields: named("changedFields"),
      nulledFields: named("nulledFields"),
      diffFields: named("diffFields"),
    };
    return changeEventOf({ ...json, ChangeEventHeader: plain }) ?? null;
  };
}

type OpenOptions = Parameters<PubSubLink["subscribe"]>[0];

function openStream(
  client: GrpcClient,
  decoderOf: (id: string, metadata: Metadata) => Promise<Decoder>,
  { topic, after, session, news }: OpenOptions,
): Subscription {
  const metadata = metadataOf(session);
  const { path, requestSerialize, responseDeserialize } = pubSub["Subscribe"]!;
  const stream: ClientDuplexStream<FetchRequest, FetchResponse> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
  );
  const arrived: StreamedEvent[] = [];
  let idleAt: ReplayId | null = null;
  let end: StreamEnd | null = null;
  /** Answers are decoded one after another, as a schema may have to be asked for. */
  let decoding = Promise.resolve();
  let wanted = 0;

  const finish = (reason: StreamEnd) => {
    end ??= reason;
    stream.cancel();
    news();
  };
  const ask = () => {
    const room = requestedMax - arrived.length - wanted;
    if (end !== null || room <= 0) return;
    wanted += room;
    stream.write({ topic_name: topic, num_requested: room });
  };
  const decode = async (one: ConsumerEvent): Promise<StreamedEvent> => {
    const read = await decoderOf(one.event.schema_id, metadata);
    return { event: decoded(read, one.event.payload), replayId: one.replay_id.toString("base64") };
  };
  const receive = async ({ events, latest_replay_id: latest }: FetchResponse): Promise<void> => {
    for (const one of events) arrived.push(await decode(one));
    wanted -= events.length;
    if (events.length === 0 && latest.length > 0) idleAt = latest.toString("base64");
    else idleAt = null;
    news();
  };
  stream.on("data", (answer: FetchResponse) => {
    decoding = decoding.then(() => receive(answer)).catch((error: unknown) => finish(endOf(error)));
  });
  stream.on("error", (error: ServiceError) => {
    void decoding.then(() => finish(endOf(error)));
  });
  stream.on("end", () => {
    void decoding.then(() => finish({ kind: "broken", message: "the stream ended" }));
  });
  wanted = requestedMax;
  stream.write({
    topic_name: topic,
    replay_preset: after === null ? "LATEST" : "CUSTOM",
    ...(after === null ? {} : { replay_id: Buffer.from(after, "base64") }),
    num_requested: requestedMax,
  });

  return {
    topic,
    take: (max) => {
      const events = arrived.splice(0, max);
      ask();
      return { events, reached: events.at(-1)?.replayId ?? (arrived.length === 0 ? idleAt : null) };
    },
    get end() {
      return end;
    },
    close: () => {
      end ??= { kind: "broken", message: "closed" };
      stream.cancel();
    },
  };
}

/** An event that makes no sense must not stop those behind it. */
function decoded(read: Decoder, payload: Buffer): ChangeEvent | null {
  try {
    return read(payload);
  } catch {
    return null;
  }
}

function metadataOf({ accessToken, instanceUrl, identity }: Session): Metadata {
  const metadata = new Metadata();
  metadata.set("accesstoken", accessToken);
  metadata.set("instanceurl", instanceUrl);
  // A session's first part names its org.
  metadata.set("tenantid", identity?.orgId ?? accessToken.split("!")[0] ?? "");
  return metadata;
}

function endOf(error: unknown): StreamEnd {
  const { code, details, metadata } = error as Partial<ServiceError>;
  const told = String(metadata?.get("error-code")[0] ?? "");
  const message = `${told} ${details ?? (error instanceof Error ? error.message : String(error))}`.trim();
  if (/replayid/u.test(told)) return { kind: "lost", message };
  if (code === status.UNAUTHENTICATED || /authentication/u.test(told)) return { kind: "expired", message };
  if (/limit\.exceeded|not\.found|permission|access/u.test(told)) return { kind: "barred", message };
  if (code === status.PERMISSION_DENIED || code === status.NOT_FOUND) return { kind: "barred", message };
  return { kind: "broken", message };
}
