import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { objectOf, objectsOf, own, textOf, textsOf } from "../../ports/json-object.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";

/** One thing that HubSpot objects to, about a property where it names one. */
export type Objection = { readonly property: string | null; readonly code: string; readonly message: string };

/** A refusal in HubSpot's words: an answer's body, or one entry of a 207's `errors`. */
export type Refusal = {
  readonly category: string;
  readonly message: string;
  readonly objections: readonly Objection[];
  /** The record that holds a value which must be unique. */
  readonly existingId: string | null;
  readonly traceIds: readonly string[];
  readonly ids: readonly string[];
};

/** A call that HubSpot understood and refused: nothing was done. */
export class RefusedCall extends SyncFailure {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(error: SyncError, status: number, refusal: Refusal) {
    super(error);
    this.name = "RefusedCall";
    this.status = status;
    this.refusal = refusal;
  }
}

/** The refusal in an answer's body or in an entry of its `errors`; empty texts where it has none. */
export function refusalOf(body: unknown): Refusal {
  const told = objectOf(body) ?? {};
  const message = textOf(own(told, "message"));
  const context = objectOf(own(told, "context")) ?? {};
  return {
    category: textOf(own(told, "category")),
    message,
    objections: objectionsIn(message, own(told, "errors"), textsOf(own(context, "propertyName"))),
    existingId: textsOf(own(context, "existingId"))[0] ?? existingIdIn(message),
    traceIds: textsOf(own(context, "objectWriteTraceId")),
    ids: textsOf(own(context, "ids")),
  };
}

/** Both places where HubSpot lists objections say the same; the list in the message has each row's. */
function objectionsIn(message: string, errors: unknown, properties: readonly string[]): readonly Objection[] {
  const inMessage = objectsOf(listIn(message)).map((one) => ({
    property: textOf(own(one, "name")) || null,
    code: textOf(own(one, "error")),
    message: textOf(own(one, "message")),
  }));
  if (inMessage.length > 0) return inMessage;
  const listed = objectsOf(errors).map((one) => ({
    property: textsOf(own(objectOf(own(one, "context")) ?? {}, "propertyName"))[0] ?? null,
    code: textOf(own(one, "code")),
    message: textOf(own(one, "message")),
  }));
  if (listed.length > 0) return listed;
  return properties.map((property) => ({ property, code: "", message }));
}

function listIn(message: string): unknown {
  const start = message.indexOf("[{");
  if (start === -1) return undefined;
  try {
    return JSON.parse(message.slice(start));
  } catch {
    return undefined;
  }
}

function existingIdIn(message: string): string | null {
  const match = /Existing ID: (\d+)|(\d+) already has that value/.exec(message);
  return match?.[1] ?? match?.[2] ?? null;
}

/** True when another record holds a value that must be unique. */
export function isClash(refusal: Refusal): boolean {
  return (
    refusal.category === "CONFLICT" ||
    refusal.existingId !== null ||
    refusal.objections.some(({ code }) => code === "CONFLICTING_UNIQUE_VALUE")
  );
}

/** The REJECTED error of one row, with HubSpot's words on each property. */
export function rejected(refusal: Refusal, what: string): SyncError {
  const named = refusal.objections.flatMap(({ property, message }) =>
    property === null ? [] : [[property, message] as const],
  );
  // A contact's e-mail is its only unique property of HubSpot's own; the message does not name it.
  const isTakenEmail = named.length === 0 && /^Contact already exists/u.test(refusal.message);
  const cells = Object.fromEntries(isTakenEmail ? [["email", refusal.message]] : named);
  return { code: "REJECTED", message: `${what}: HubSpot refuses: ${saying(refusal)}`, cells };
}

/** The SyncError for a status that is no success. 429 is judged by the client, which knows the limits. */
export function refusedError(status: number, refusal: Refusal, effect: Effect, what: string): SyncError {
  const message = `${what}: HubSpot answered ${status} ${saying(refusal)}`;
  if (status === 401)
    return { code: "UNAUTHORIZED", message: `${message}; the token is wrong, expired or was revoked` };
  if (status === 403) return { code: "UNAUTHORIZED", message: `${message}; the app lacks a scope` };
  if (status === 404 || /Unable to infer object type/.test(refusal.message)) return { code: "SCHEMA", message };
  // Locked, or the account is being moved: nothing is done meanwhile.
  if (status === 423 || status === 477) return { code: "UNREACHABLE", message };
  if (status >= 500 || status === 408 || status < 400) return lostError(effect, message);
  return { code: "REJECTED", message, cells: {} };
}

function saying({ category, message }: Refusal): string {
  return [category, message].filter((text) => text !== "").join(": ") || "without a reason";
}

/** Thrown where an answer of a read is not what HubSpot documents. */
export function senseless(what: string, missing: string): SyncFailure {
  return new SyncFailure({ code: "UNREACHABLE", message: `${what}: HubSpot's answer has no ${missing}` });
}

/** `fallback` where a call fails that is not worth failing for. */
export async function orElse<Result, Fallback>(call: Promise<Result>, fallback: Fallback): Promise<Result | Fallback> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof SyncFailure) return fallback;
    throw error;
  }
}
