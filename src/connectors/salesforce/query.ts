import { type JsonObject, objectOf, objectsOf, own } from "../../ports/json-object.ts";
import { apiVersion, type Client } from "./client.ts";
import { complaintsOf, RefusedCall, refusedError, senseless } from "./errors.ts";
import type { Urgency } from "./pace.ts";

/** An address and its headers may hold 16,384 characters. */
const addressLengthMax = 12_000;

export type Question = {
  readonly soql: string;
  /** Deleted records too. */
  readonly all: boolean;
  readonly urgency: Urgency;
  /** For messages. */
  readonly what: string;
};

/** Asks a query. One that no address would hold goes within a composite call, which counts as one as well. */
export async function askQuery(client: Client, { soql, all, urgency, what }: Question): Promise<JsonObject> {
  const path = `${all ? "queryAll" : "query"}?q=${encodeURIComponent(soql)}`;
  if (path.length <= addressLengthMax) {
    return objectOf(await client.call({ method: "GET", path, effect: "read", urgency, what })) ?? {};
  }
  const body = {
    compositeRequest: [{ method: "GET", url: `/services/data/v${apiVersion}/${path}`, referenceId: "query" }],
  };
  const answer = await client.call({ method: "POST", path: "composite", body, effect: "read", urgency, what });
  const [part] = objectsOf(own(objectOf(answer) ?? {}, "compositeResponse"));
  if (part === undefined) throw senseless(what, "compositeResponse");
  const status = Number(own(part, "httpStatusCode"));
  if (status === 200) return objectOf(own(part, "body")) ?? {};
  const complaints = complaintsOf(own(part, "body"));
  throw new RefusedCall(refusedError(status, complaints, "read", what), status, complaints);
}
