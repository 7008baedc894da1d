import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type FetchRequest,
  type FetchResponse,
  pubSub,
  type SchemaInfo,
} from "../../../src/connectors/salesforce/protocol.ts";
import type { EventLog } from "./event-log.ts";

export type PubSubServer = {
  /** `127.0.0.1:50051` */
  readonly address: string;
  /** Ends every stream, as a restart of the service does. */
  drop(): void;
  close(): void;
};

export type PubSubOptions = {
  readonly log: EventLog;
  readonly orgId: string;
  readonly isValidSession: (token: string) => boolean;
  readonly isTopic: (topic: string) => boolean;
  /** How often a silent stream gives a sign of life, ms. */
  readonly keepAliveMs: number;
};

/** What one request may ask for, and one answer hold. */
const eventsMax = 100;

type Stream = ServerDuplexStream<FetchRequest, FetchResponse>;

/** The Pub/Sub API, on 127.0.0.1 and without TLS: Subscribe and GetSchema. */
export async function servePubSub(options: PubSubOptions): Promise<PubSubServer> {
  const server = new Server();
  const streams = new Set<Stream>();
  server.addService(pubSub, {
    Subscribe: (stream: Stream) => {
      streams.add(stream);
      stream.on("close", () => streams.delete(stream));
      subscribe(options, stream);
    },
    GetSchema: (
      call: ServerUnaryCall<{ readonly schema_id: string }, SchemaInfo>,
      answer: sendUnaryData<SchemaInfo>,
    ) => {
      if (!isAdmitted(options, call.metadata))
        return answer(failure(status.UNAUTHENTICATED, "authentication.failed", "Authentication failed"));
      const schema = options.log.schema(call.request.schema_id);
      if (schema === null)
        return answer(failure(status.NOT_FOUND, "schema.not.found", `No schema ${call.request.schema_id}`));
      answer(null, { schema_json: schema.json, schema_id: schema.id });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    drop: () => {
      for (const stream of streams)
        stream.emit("error", failure(status.UNAVAILABLE, "service.unavailable", "Restarting"));
    },
    close: () => server.forceShutdown(),
  };
}

function failure(code: status, what: string, details: string) {
  const metadata = new Metadata();
  metadata.set("error-code", `sfdc.platform.eventbus.grpc.${what}`);
  return { code, details, metadata };
}

function isAdmitted({ isValidSession, orgId }: PubSubOptions, metadata: Metadata): boolean {
  const [token, instance, tenant] = ["accesstoken", "instanceurl", "tenantid"].map((key) =>
    String(metadata.get(key)[0] ?? ""),
  );
  return isValidSession(token ?? "") && instance !== "" && orgId.startsWith((tenant ?? "").slice(0, 15));
}

function subscribe(options: PubSubOptions, stream: Stream): void {
  const { log } = options;
  let topic: string | null = null;
  let place = 0;
  let pending = 0;
  const send = () => {
    while (topic !== null && pending > 0) {
      const events = log.after(topic, place, Math.min(pending, eventsMax));
      const last = events.at(-1);
      if (last === undefined) return;
      place = last.replayId;
      pending -= events.length;
      stream.write({
        events: events.map(({ schema, payload, replayId }) => ({
          event: { id: `event-${replayId}`, schema_id: schema.id, payload },
          replay_id: replayBytes(replayId),
        })),
        latest_replay_id: replayBytes(place),
        pending_num_requested: pending,
      });
    }
  };
  const stop = (code: status, what: string, details: string) => {
    topic = null;
    stream.emit("error", failure(code, what, details));
  };
  const timer = setInterval(() => {
    if (topic === null || log.after(topic, place, 1).length > 0) return;
    place = log.latest;
    stream.write({ events: [], latest_replay_id: replayBytes(place), pending_num_requested: pending });
  }, options.keepAliveMs);
  timer.unref();
  log.listeners.push(send);
  stream.on("close", () => {
    clearInterval(timer);
    log.listeners = log.listeners.filter((one) => one !== send);
  });
  stream.on("end", () => stream.end());
  stream.on("data", (request: FetchRequest) => {
    if (!isAdmitted(options, stream.metadata)) {
      return stop(status.UNAUTHENTICATED, "service.auth.error", "Authentication exception occurred");
    }
    const named = request.topic_name ?? "";
    if (topic === null) {
      if (!options.isTopic(named)) return stop(status.NOT_FOUND, "topic.not.found", `No topic ${named}`);
      const start = placeOf(log, request);
      if (start === "corrupted") {
        return stop(status.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", "The Replay ID is corrupted");
      }
      if (start === "expired") {
        const details = "The Replay ID validation failed. Ensure that it is within the retention window";
        return stop(status.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed", details);
      }
      topic = named;
      place = start;
    } else if (named !== "" && named !== topic) {
      return stop(status.INVALID_ARGUMENT, "subscription.topic.changed", "The topic can't change within a stream");
    }
    if (request.num_requested < 1 || request.num_requested > eventsMax) {
      return stop(
        status.INVALID_ARGUMENT,
        "subscription.fetch.requested.events.invalid",
        "num_requested is out of range",
      );
    }
    pending += request.num_requested;
    send();
  });
}

function placeOf(log: EventLog, { replay_preset, replay_id }: FetchRequest): number | "corrupted" | "expired" {
  if (replay_preset === "EARLIEST") return log.oldest;
  if (replay_preset !== "CUSTOM") return log.latest;
  const bytes = Buffer.from(replay_id ?? []);
  if (bytes.length !== 8) return "corrupted";
  const id = Number(bytes.readBigUInt64BE());
  if (id > log.latest) return "corrupted";
  return id < log.oldest ? "expired" : id;
}

function replayBytes(id: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(id));
  return bytes;
}
