import type { RecordId } from "../../model/record.ts";
import type { MappedObject, WriteRequest } from "../../ports/connector.ts";
import type { RowOutcome } from "./batch.ts";
import { isClash } from "./errors.ts";
import type { HubSpotRecord } from "./records.ts";
import { isEmail } from "./schema.ts";
import type { WriteDeps } from "./write.ts";

type Named = Pick<WriteRequest & { readonly kind: "create" | "update" }, "patch">;

/** HubSpot refuses a value that another record has, and does not say which. */
export function isClashing(outcome: RowOutcome): boolean {
  return outcome.kind === "refused" && isClash(outcome.refusal) && outcome.refusal.existingId === null;
}

/** The contact that has a request's e-mail: HubSpot does not always say which record a write clashes with. */
export async function ownersOfEmails(
  { reader }: Pick<WriteDeps, "reader">,
  object: MappedObject,
  requests: readonly Named[],
): Promise<ReadonlyMap<string, RecordId>> {
  const emails = requests.flatMap((request) => emailOf(object, request) ?? []);
  if (emails.length === 0) return new Map();
  const records = await reader.findBy(withEmails(object), "email", emails);
  return new Map(records.flatMap((record) => emailsOf(record).map((email) => [email, record.id] as const)));
}

/** Secondary addresses identify a contact too. */
function emailsOf(record: HubSpotRecord): readonly string[] {
  const all = [record.property("email"), record.property(otherEmails)];
  return all.flatMap((raw) => (typeof raw === "string" ? raw.split(";") : []));
}

const otherEmails = "hs_additional_emails";

function withEmails(object: MappedObject): MappedObject {
  return { ...object, cells: [textCell("email"), textCell(otherEmails)] };
}

/** The e-mail that a request gives a contact, as HubSpot keeps it. */
export function emailOf({ object }: MappedObject, { patch }: Named): string | undefined {
  const raw = isEmail(object, "email") && Object.hasOwn(patch, "email") ? patch["email"] : null;
  return typeof raw === "string" ? raw.trim().toLowerCase() : undefined;
}

function textCell(cell: string): MappedObject["cells"][number] {
  return { cell, field: cell, type: { kind: "text" }, direction: "write" };
}
