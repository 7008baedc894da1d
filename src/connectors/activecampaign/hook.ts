import type { Clock } from "../../ports/clock.ts";
import { type Client, RefusedCall } from "./client.ts";
import { textOf } from "./json.ts";

/** What concerns contacts, accounts and deals. Deletes have no event. */
const events = [
  "subscribe",
  "unsubscribe",
  "update",
  "contact_tag_added",
  "contact_tag_removed",
  "account_add",
  "account_update",
  "deal_add",
  "deal_update",
] as const;

const lookAgainMs = 3_600_000;

/** Where webhooks are to go; `null` where none are wanted. */
export function hookAddress(notificationUrl: string | undefined, secret: string | undefined): string | null {
  if (notificationUrl === undefined || secret === undefined) return null;
  const address = new URL(notificationUrl);
  address.searchParams.set("key", secret);
  return address.href;
}

/**
 * Keeps one webhook with our address. Looked for now and then: a single answer 410, by whatever stood in between, switches it off for good. What the
 * API did is not asked for, as that is mostly our own; other tools' changes are found by asking.
 */
export function createHook(client: Client, clock: Clock, address: string | null): () => Promise<void> {
  let lookedAt: number | null = null;
  return async () => {
    if (address === null || (lookedAt !== null && clock.now() - lookedAt < lookAgainMs)) return;
    lookedAt = clock.now();
    try {
      const all = await client.listAll("webhooks", "webhooks", "looking for our webhook");
      const ours = all.filter((one) => textOf(one["url"]) === address);
      const isAlive = (one: (typeof ours)[number]) => textOf(one["state"]) !== "0";
      if (ours.some(isAlive)) return;
      const what = "setting our webhook up";
      for (const { id } of ours)
        await client.call({ method: "DELETE", path: `webhooks/${textOf(id)}`, effect: "write", what });
      const webhook = { name: "Truce", url: address, events, sources: ["public", "admin", "system"] };
      // A second one would only tell the same twice.
      await client.call({ method: "POST", path: "webhooks", body: { webhook }, effect: "read", what });
    } catch (error) {
      // Without the right to have webhooks, asking carries the load alone.
      if (error instanceof RefusedCall) return;
      lookedAt = null;
      throw error;
    }
  };
}
