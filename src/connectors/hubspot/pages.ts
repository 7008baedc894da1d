import type { ObjectName } from "../../model/record.ts";
import { own, textOf } from "../../ports/json-object.ts";
import type { LinkOf } from "../../ports/record-links.ts";
import type { Client } from "./client.ts";
import type { Schema } from "./schema.ts";

/** Where HubSpot shows records of the object: by the account's number, which its API tells, on the host that serves its region. */
export async function pagesOf(client: Client, schema: Schema, object: ObjectName): Promise<LinkOf | null> {
  const typeId = await schema.typeId(object);
  if (typeId === null) return null;
  const what = "reading the account's details";
  const details = await client.call({ method: "GET", path: "/account-info/v3/details", effect: "read", what });
  const [portal, host] = [String(own(details, "portalId")), textOf(own(details, "uiDomain"))];
  if (!/^\d+$/u.test(portal) || !/^[a-z0-9.-]+$/u.test(host)) return null;
  return (id) => `https://${host}/contacts/${portal}/record/${typeId}/${id}`;
}
