import { useState } from "react";
import type { Hold } from "../format.ts";
import { t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { type Bulk, bulksFor, type Choice } from "./choices.ts";

/** What can be done with many at once. Nothing happens before it is confirmed. */
export function BulkBar({
  chosen,
  loaded,
  mayDecide,
  selectAll,
  selectNone,
  decide,
}: {
  readonly chosen: readonly Hold[];
  readonly loaded: readonly Hold[];
  readonly mayDecide: boolean;
  readonly selectAll: () => void;
  readonly selectNone: () => void;
  readonly decide: (decisions: readonly { readonly hold: Hold; readonly choice: Choice }[]) => void;
}) {
  const [asked, setAsked] = useState<Bulk | null>(null);
  if (!mayDecide || loaded.length === 0) return <div className="list-head" />;
  const bulks = bulksFor(chosen);
  const decisionsOf = ({ choiceFor }: Bulk) =>
    chosen.flatMap((hold) => {
      const choice = choiceFor(hold);
      return choice === null ? [] : [{ hold, choice }];
    });
  const ready = asked === null ? [] : decisionsOf(asked);
  return (
    <div className="list-head">
      <input
        type="checkbox"
        className="check"
        checked={chosen.length > 0 && chosen.length === loaded.length}
        onChange={chosen.length > 0 ? selectNone : selectAll}
        aria-label={t(chosen.length > 0 ? "review.selectNone" : "review.selectAll")}
      />
      {chosen.length === 0 ? (
        <span className="muted small">{t("review.selectAll")}</span>
      ) : (
        <>
          <span className="small">{t("review.selected", { count: chosen.length })}</span>
          <span className="grow" />
          {bulks.map((bulk) => (
            <button key={bulk.label} type="button" className="button small" onClick={() => setAsked(bulk)}>
              {bulk.label}
            </button>
          ))}
        </>
      )}
      {asked === null ? null : (
        <Dialog title={t("review.bulkConfirm", { count: ready.length })} onClose={() => setAsked(null)}>
          <p>{asked.lead}</p>
          {ready.length === chosen.length ? null : (
            <p className="note warn">{t("review.bulkLeft", { count: chosen.length - ready.length })}</p>
          )}
          <div className="actions">
            <button
              type="button"
              className="button primary"
              disabled={ready.length === 0}
              onClick={() => {
                setAsked(null);
                decide(ready);
              }}
            >
              {asked.label}
            </button>
            <button type="button" className="button" onClick={() => setAsked(null)}>
              {t("app.cancel")}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
