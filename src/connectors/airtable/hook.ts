import { SyncFailure } from "../../model/sync-error.ts";
import { type Client, RefusedCall } from "./client.ts";

/** A webhook of ours: where its payloads are, and the secret that signs its pings. */
export type Hook = { readonly id: string; readonly secret: string };

export type HookState = "alive" | "gone";

export type Hooks = {
  /** `null` where the token may not manage webhooks. Hooks left over from earlier with our address are removed. */
  create(): Promise<Hook | null>;
  /** Looks whether the hook still tells; switches its notifications on again if Airtable had given up on us. */
  inspect(id: string): Promise<HookState>;
  remove(id: string): Promise<void>;
  /** `null`: the hook is gone. */
  payloads(id: string, cursor: number): Promise<PayloadPage | null>;
};

export type PayloadPage = {
  readonly payloads: readonly Record<string, unknown>[];
  readonly cursor: number;
  readonly mightHaveMore: boolean;
};

/** @param notificationUrl where pings go; undefined for a webhook that is only listed. */
export function createHooks(client: Client, baseId: string, notificationUrl: string | undefined): Hooks {
  const path = `bases/${baseId}/webhooks`;

  const list = async (): Promise<readonly Record<string, unknown>[]> => {
    const answer = await client.call({ method: "GET", path, effect: "read", what: "listing webhooks" });
    return Array.isArray(answer["webhooks"]) ? answer["webhooks"] : [];
  };

  const remove = async (id: string): Promise<void> => {
    const call = { method: "DELETE", path: `${path}/${id}`, effect: "write", what: "removing a webhook" } as const;
    if (await isGone(client.call(call))) return;
  };

  const removeLeftovers = async (): Promise<void> => {
    // Another Truce of this base, or another tool, has another address.
    const ours = notificationUrl === undefined ? [] : await list();
    for (const hook of ours) if (hook["notificationUrl"] === notificationUrl) await remove(String(hook["id"]));
  };

  return {
    async create() {
      try {
        await removeLeftovers();
        const body = { specification, ...(notificationUrl === undefined ? {} : { notificationUrl }) };
        // A creation whose answer is lost leaves a hook that nobody lists; it expires by itself.
        const answer = await client.call({ method: "POST", path, body, effect: "read", what: "creating a webhook" });
        const { id, macSecretBase64 } = answer;
        if (typeof id === "string" && typeof macSecretBase64 === "string") return { id, secret: macSecretBase64 };
        throw new SyncFailure({ code: "UNREACHABLE", message: "creating a webhook: the answer holds no secret" });
      } catch (error) {
        if (error instanceof RefusedCall && error.status === 403) return null;
        throw error;
      }
    },

    async inspect(id) {
      const hook = (await list()).find((candidate) => candidate["id"] === id);
      if (hook?.["isHookEnabled"] !== true) return "gone";
      if (notificationUrl !== undefined && hook["areNotificationsEnabled"] === false) {
        const body = { enable: true };
        const what = "switching notifications on";
        await client.call({ method: "POST", path: `${path}/${id}/enableNotifications`, body, effect: "read", what });
      }
      return "alive";
    },

    remove,

    async payloads(id, cursor) {
      const call = client.call({
        method: "GET",
        path: `${path}/${id}/payloads?cursor=${cursor}`,
        effect: "read",
        what: "reading changes",
      });
      if (await isGone(call)) return null;
      const answer = await call;
      const next = answer["cursor"];
      if (!Array.isArray(answer["payloads"]) || typeof next !== "number" || next < cursor) {
        throw new SyncFailure({ code: "UNREACHABLE", message: "reading changes: the answer holds no payloads" });
      }
      return { payloads: answer["payloads"], cursor: next, mightHaveMore: answer["mightHaveMore"] === true };
    },
  };
}

/**
 * Every table's data, with the values that changes replaced, and changes of fields, after which the schema is read anew. Fields are not
 * watched one by one: the deletion of a watched one would end the hook.
 */
const specification = {
  options: {
    filters: { dataTypes: ["tableData", "tableFields"] },
    includes: { includePreviousCellValues: true },
  },
};

async function isGone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (error instanceof RefusedCall && error.status === 404) return true;
    throw error;
  }
}
