import { createHash } from "node:crypto";

/** A trace and its first span, by the ids of OpenTelemetry: 32 and 16 hexadecimal digits. */
export type TraceRoot = { readonly traceId: string; readonly spanId: string };

/** An event's trace is known by the event's id alone: whoever takes it on, after a restart too, carries on the same trace. */
export function traceRootOf(eventId: string): TraceRoot {
  const hex = eventId.replaceAll("-", "");
  const traceId = /^[0-9a-f]{32}$/u.test(hex) ? hex : createHash("sha256").update(eventId).digest("hex").slice(0, 32);
  return { traceId, spanId: createHash("sha256").update(traceId).digest("hex").slice(0, 16) };
}
