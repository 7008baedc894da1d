import { useState } from "react";
import { ApiError, client, queryClient, reasonOf } from "../api.ts";
import type { Hold } from "../format.ts";
import { t } from "../text.ts";
import { say } from "../ui/toasts.tsx";
import { type Choice, choiceText } from "./choices.ts";

export type Decisions = {
  /** Holds that are decided here, and not yet gone from the list. */
  readonly decided: ReadonlySet<string>;
  decide(hold: Hold, choice: Choice): Promise<void>;
  decideMany(decisions: readonly { readonly hold: Hold; readonly choice: Choice }[]): Promise<void>;
  /** Takes the last decision back that was made here. */
  undo(): Promise<void>;
  undoOne(hold: Hold): Promise<void>;
};

/** Carries decisions out at once on the page, and for good on the server; what the server refuses comes back. */
export function useDecisions(): Decisions {
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const [done, setDone] = useState<readonly Hold[]>([]);
  const hide = (ids: readonly string[]) => setDecided((known) => new Set([...known, ...ids]));
  const show = (ids: readonly string[]) => setDecided((known) => new Set([...known].filter((id) => !ids.includes(id))));

  async function undoOf(hold: Hold): Promise<void> {
    setDone((all) => all.filter(({ id }) => id !== hold.id));
    try {
      await client.undoDecision({ hold: hold.id });
      show([hold.id]);
      say(t("review.undone", { label: hold.label }));
    } catch (error) {
      say(t("review.failed", { label: hold.label, reason: reasonOf(error) }), { isBad: true });
    }
    await renew();
  }

  return {
    decided,
    async decide(hold, choice) {
      hide([hold.id]);
      try {
        await client.decideHold(
          { hold: hold.id, revision: hold.revision, choice },
          { idempotencyKey: crypto.randomUUID() },
        );
        setDone((all) => [...all, hold]);
        const action = { label: t("review.undo"), act: () => void undoOf(hold) };
        const text = t("review.done", { label: hold.label, what: choiceText(hold, choice) });
        say(text, { action });
      } catch (error) {
        const isStale = error instanceof ApiError && error.status === 409;
        const now = isStale ? (error.problem["hold"] as Hold | undefined) : undefined;
        if (now?.status !== "closed") show([hold.id]);
        const reason = reasonOf(error);
        say(t("review.failed", { label: hold.label, reason: isStale ? t("review.stale", { reason }) : reason }), {
          isBad: true,
        });
      }
      await renew();
    },
    async decideMany(decisions) {
      const ids = decisions.map(({ hold }) => hold.id);
      hide(ids);
      try {
        let done_ = 0;
        for (let i = 0; i < decisions.length; i += pageMax) {
          const page = decisions.slice(i, i + pageMax);
          const { items } = await client.decideHolds({
            decisions: page.map(({ hold, choice }) => ({ hold: hold.id, revision: hold.revision, choice })),
          });
          const good = new Set(items.filter(({ result }) => result === "done").map(({ hold }) => hold));
          done_ += good.size;
          show(items.filter(({ result }) => result !== "done").map(({ hold }) => hold));
          setDone((all) => [...all, ...page.map(({ hold }) => hold).filter((hold) => good.has(hold.id))]);
        }
        const left = decisions.length - done_;
        say(left === 0 ? t("review.bulkDone", { count: done_ }) : t("review.bulkPart", { done: done_, left }));
      } catch (error) {
        show(ids);
        say(reasonOf(error), { isBad: true });
      }
      await renew();
    },
    undoOne: undoOf,
    async undo() {
      const last = done.at(-1);
      if (last !== undefined) await undoOf(last);
    },
  };
}

const pageMax = 200;

async function renew(): Promise<void> {
  await Promise.all(
    ["listHolds", "listHoldGroups", "getHold", "getOverview"].map((name) =>
      queryClient.invalidateQueries({ queryKey: [name] }),
    ),
  );
}
