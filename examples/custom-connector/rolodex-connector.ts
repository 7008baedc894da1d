import { defineConnector, observed, revisionOf, SyncFailure } from "truce";
import type { Card } from "./rolodex.ts";

const fields = ["name", "email", "note"] as const;

export const rolodex = defineConnector<{ readonly url: string; readonly token: string }>({
  label: "Rolodex",
  connect({ system, options, clock }) {
    /** One call of the tool; `null` where the card is not the one that was seen, or gone. */
    const call = async <Result>(method: string, params: object): Promise<Result | null> => {
      // A write whose answer is lost may have been done: Truce looks before it tries again.
      const code = ["add", "change", "remove"].includes(method) ? "UNKNOWN_OUTCOME" : "UNREACHABLE";
      const fail = (cause: unknown) => Promise.reject(new SyncFailure({ code, message: `${method}: ${cause}` }));
      const headers = { authorization: `Bearer ${options.token}` };
      const body = JSON.stringify({ method, params });
      const response = await fetch(options.url, { method: "POST", headers, body }).catch(fail);
      if (response.status === 401) throw new SyncFailure({ code: "UNAUTHORIZED", message: "the token is refused" });
      const { result, error } = (await response.json().catch(fail)) as { result: Result; error?: ToolError };
      if (error === undefined) return result;
      if (error.code === "conflict" || error.code === "missing") return null;
      // Which cell it objects to, so that the message stands beside the field.
      const cell = /^invalid (.+)$/u.exec(error.code)?.[1];
      const cells = cell === undefined ? {} : { [cell]: error.message };
      throw new SyncFailure({ code: "REJECTED", message: error.message, cells });
    };

    /** What a card says. The revision orders its versions; the create key says that Truce made it. */
    const said = (card: Card, observedAt: number) =>
      observed({
        ref: { system, object: "cards", id: card.id },
        cells: Object.fromEntries(fields.map((name) => [name, card.fields[name] ?? null])),
        revision: revisionOf(card.version),
        observedAt,
        ...(card.key === null ? {} : { createKey: card.key }),
      });

    const list = async (method: string, params: object) => {
      const observedAt = clock.now();
      return ((await call<Card[]>(method, params)) ?? []).map((card) => said(card, observedAt));
    };

    return {
      guarantees: { conditionalWrite: true, uniqueCreate: true, history: false, deleteEvents: true },

      describe: async () => {
        const cell = { nativeType: "text", type: { kind: "text" }, readOnly: false, unique: false } as const;
        return [
          { object: "cards", label: "Cards", cells: fields.map((name) => ({ cell: name, label: name, ...cell })) },
        ];
      },

      find: (_object, ids) => list("get", { ids }),

      scan: async (_object, cursor) => {
        const observations = await list("list", { after: cursor ?? "" });
        // The tool gives ten at most: only a page without any is surely the end.
        return { observations, cursor: observations.at(-1)?.ref.id ?? null, total: null };
      },

      feed: {
        kind: "poll",
        intervalMs: 10_000,
        start: async () => String((await call<Changes>("changes", {}))?.last),
        pull: async ({ cursor }) => {
          const observedAt = clock.now();
          const { last, cards } = (await call<Changes>("changes", { since: Number(cursor) })) ?? {
            last: cursor,
            cards: [],
          };
          const observations = cards.map((card) => {
            const one = said(card, observedAt);
            return card.removed ? ({ ...one, kind: "delete", confirmed: true } as const) : one;
          });
          return { observations, cursor: String(last), caughtUp: cards.length === 0, lost: [] };
        },
      },

      create: async (_object, { key, patch }) => {
        const made = await call<{ card: Card; created: boolean }>("add", { key, fields: patch });
        if (made === null) throw new SyncFailure({ code: "UNREACHABLE", message: "add: refused as a conflict" });
        return { record: said(made.card, clock.now()), created: made.created };
      },

      update: async (_object, { id, patch }, seen) => {
        const card = await call<Card>("change", { id, version: Number(seen.revision), fields: patch });
        return card === null ? "changed" : said(card, clock.now());
      },

      remove: async (_object, { id }, seen) =>
        (await call<Card>("remove", { id, version: Number(seen.revision) })) === null ? "changed" : "removed",
    };
  },
});

type ToolError = { readonly code: string; readonly message: string };
type Changes = { readonly last: number; readonly cards: readonly Card[] };
