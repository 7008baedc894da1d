import type { ObjectName, RecordId } from "../../model/record.ts";
import { nameOf } from "./schema.ts";

/** Where ActiveCampaign shows a record: on the account's own host, which is named like the one of its API. `null`: not at such an address. */
export function pageOf(url: string, object: ObjectName, id: RecordId): string | null {
  const account = /^(?<account>[a-z0-9-]+)\.api-[a-z0-9]+\.com$/u.exec(new URL(url).hostname)?.groups?.["account"];
  const name = nameOf(object);
  if (account === undefined || name === null) return null;
  return `https://${account}.activehosted.com/app/${name}/${encodeURIComponent(id)}`;
}
