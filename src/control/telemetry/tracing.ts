import { randomBytes } from "node:crypto";
import type { Attributes, Link, Span, SpanContext } from "@opentelemetry/api";
import type { Deps } from "../../engine/deps.ts";
import type { GoldenId } from "../../model/golden.ts";
import type { JournalEntry } from "../../model/journal.ts";
import { type RecordRef, recordKey } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Connector, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { type CommitUnit, type InboxItem, laneBackfill, type Store } from "../../ports/store.ts";
import type { Sdk, StartSpan } from "./start.ts";
import { traceRootOf } from "./trace-ids.ts";

/** Events, golden records and attempts whose traces are at hand. One that is forgotten goes on as a span without its parent. */
const knownMax = 20_000;

type Decided = { readonly eventId: string; readonly at: Instant };

/**
 * Follows events through the stages: `receive` into the inbox, `read` where an event names a record without its values, `decide`, and a `write`
 * for each system, with the calls to the vendor in it. A batch is one call with a span in each of its events' traces; the call stands in the first, to
 * which the others are linked. First scans and sweeps are not traced. Spans carry ids and field names, no values.
 */
export function createTracing({ api }: Pick<Sdk, "api">, startSpan: StartSpan) {
  const { trace, context, SpanKind, SpanStatusCode } = api;
  const received = new Map<string, SpanContext>();
  const claimed = new Map<string, { readonly item: InboxItem; readonly at: Instant }>();
  /** By record: the last event that names it without its values. */
  const hints = new Map<string, string>();
  const decided = new Map<GoldenId, readonly Decided[]>();
  const attempts = new Map<string, readonly string[]>();

  /** A span in an event's trace. */
  const spanOf = (
    eventId: string,
    name: string,
    at: Instant,
    attributes: Attributes,
    isCall = false,
    links: Link[] = [],
  ) => {
    const parent = received.get(eventId);
    const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const options = { kind, startTime: at, attributes, links };
    if (parent !== undefined)
      return context.with(trace.setSpanContext(api.ROOT_CONTEXT, parent), () => startSpan(name, options));
    const { traceId } = traceRootOf(eventId);
    return startSpan(name, { ...options, root: true }, { traceId, spanId: randomBytes(8).toString("hex") });
  };

  /** Runs a call with a span in each of the traces; the call's own spans go into the first one. */
  const inSpans = async <T>(spans: readonly Span[], call: () => Promise<T>): Promise<T> => {
    const [first] = spans;
    try {
      return first === undefined ? await call() : await context.with(trace.setSpan(context.active(), first), call);
    } catch (error) {
      for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  };

  const spansOf = (eventIds: readonly string[], name: string, at: Instant, attributes: Attributes): Span[] => {
    const links: Link[] = [];
    return eventIds.map((eventId) => {
      const span = spanOf(eventId, name, at, attributes, true, [...links]);
      if (links.length === 0) links.push({ context: span.spanContext() });
      return span;
    });
  };

  const tracedStore = (store: Store, now: () => Instant): Store => ({
    ...store,
    async receive(items, cursors) {
      const result = await store.receive(items, cursors);
      for (const item of items) if (item.lane !== laneBackfill) noteReceived(item);
      return result;
    },
    async claim(limit, at, leaseMs) {
      const items = await store.claim(limit, at, leaseMs);
      for (const item of items) {
        if (item.lane === laneBackfill) continue;
        remember(claimed, item.id, { item, at });
        const { kind, ref } = item.observation;
        if (kind === "hint") remember(hints, recordKey(ref), item.id);
      }
      return items;
    },
    async commit(units, cursors) {
      for (const unit of units) noteIntents(unit);
      const results = await store.commit(units, cursors);
      const at = now();
      units.forEach((unit, i) => {
        if (results[i]?.kind === "committed") noteDecisions(unit, at);
      });
      return results;
    },
  });

  function noteReceived({ id, observation, receivedAt }: InboxItem): void {
    const { ref, kind } = observation;
    const attributes = { ...aboutRecord(ref), "truce.observation": kind };
    const options = { root: true, kind: SpanKind.CONSUMER, startTime: receivedAt, attributes };
    const span = startSpan(`receive ${ref.system} ${ref.object}`, options, traceRootOf(id));
    span.end();
    remember(received, id, span.spanContext());
  }

  function noteDecisions({ done, fresh, golden, journal }: CommitUnit, at: Instant): void {
    for (const item of fresh) {
      // What a feed told is decided without going through the inbox.
      if (item.lane === laneBackfill) continue;
      noteReceived(item);
      remember(claimed, item.id, { item, at: item.receivedAt });
    }
    for (const { inboxId, outcome } of done) {
      const one = claimed.get(inboxId);
      if (one === undefined) continue;
      claimed.delete(inboxId);
      const { ref } = one.item.observation;
      const attributes = { ...aboutRecord(ref), "truce.outcome": outcome, "truce.fields": fieldsSet(journal, inboxId) };
      const about = golden === null ? attributes : { ...attributes, "truce.golden": golden.id };
      spanOf(inboxId, `decide ${golden?.entity ?? ref.object}`, one.at, about).end(at);
      if (golden !== null)
        remember(decided, golden.id, [...(decided.get(golden.id) ?? []), { eventId: inboxId, at }].slice(-eventsMax));
    }
  }

  /** A write is of the events that were decided since its link fell behind. */
  function noteIntents({ golden, attempts: all, done, fresh }: CommitUnit): void {
    // A write may be made ready together with the decision that makes it due.
    const live = new Set(fresh.flatMap((item) => (item.lane === laneBackfill ? [] : [item.id])));
    const own = done.map(({ inboxId }) => inboxId).filter((id) => claimed.has(id) || live.has(id));
    for (const { id, result } of golden === null ? [] : all) {
      if (result !== "intent") continue;
      const since = golden?.links.find(({ inFlight }) => inFlight?.attemptId === id)?.behindSince ?? 0;
      const before = (decided.get(golden?.id ?? "") ?? []).filter(({ at }) => at >= since);
      const events = [...before.map(({ eventId }) => eventId), ...own];
      if (events.length > 0) remember(attempts, id, events);
    }
  }

  const tracedConnector = (connector: Connector, now: () => Instant): Connector => {
    const { system } = connector;
    return {
      ...connector,
      read(object, ids) {
        const events = ids.flatMap((id) => hints.get(recordKey({ system, object: object.object, id })) ?? []);
        const about = { "truce.system": system, "truce.object": object.object, "truce.batch": ids.length };
        const spans = spansOf(
          events.filter((id) => claimed.has(id)),
          `read ${system} ${object.object}`,
          now(),
          about,
        );
        return inSpans(spans, () => connector.read(object, ids));
      },
      write(object, requests) {
        const eventIds = [...new Set(requests.flatMap(({ attemptId }) => attempts.get(attemptId) ?? []))];
        const about = { "truce.system": system, "truce.object": object.object, "truce.batch": requests.length };
        const spans = spansOf(eventIds, `write ${system} ${object.object}`, now(), about);
        return inSpans(spans, async () => {
          const results = await connector.write(object, requests);
          noteResults(requests, results, new Map(eventIds.map((id, i) => [id, spans[i]])));
          return results;
        });
      },
    };
  };

  function noteResults(
    requests: readonly WriteRequest[],
    results: readonly WriteResult[],
    spans: ReadonlyMap<string, Span | undefined>,
  ): void {
    requests.forEach((request, i) => {
      const result = results[i];
      for (const eventId of attempts.get(request.attemptId) ?? []) {
        const span = spans.get(eventId);
        span?.setAttribute("truce.attempt", request.attemptId);
        if (request.kind !== "delete") span?.setAttribute("truce.cells", Object.keys(request.patch));
        if (result?.kind === "failed") span?.setStatus({ code: SpanStatusCode.ERROR, message: result.error.code });
        span?.setAttribute("truce.result", result?.kind === "failed" ? result.error.code : (result?.kind ?? ""));
      }
      attempts.delete(request.attemptId);
    });
  }

  return {
    traced(deps: Deps): Deps {
      const { now } = deps.clock;
      const connectors = [...deps.connectors].map(([name, one]) => [name, tracedConnector(one, now)] as const);
      return { ...deps, store: tracedStore(deps.store, now), connectors: new Map(connectors) };
    },
  };
}

/** Of one golden record: more at once are one burst of edits. */
const eventsMax = 8;

function aboutRecord({ system, object, id }: RecordRef): Attributes {
  return { "truce.system": system, "truce.object": object, "truce.record": id };
}

function fieldsSet(journal: readonly JournalEntry[], cause: string): string[] {
  return journal.flatMap((line) => (line.cause === cause && line.kind === "set" ? (line.field ?? []) : []));
}

/** Those that were noted longest ago are forgotten first. */
function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  const oldest = known.keys().next().value;
  if (known.size > knownMax && oldest !== undefined) known.delete(oldest);
}
