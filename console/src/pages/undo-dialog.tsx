import { useState } from "react";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { fieldText, type Line, valueText } from "../format.ts";
import { number, t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Failure, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";

/** Takes changes back that are chosen in the journal, after it was said what that does, and what stays for which reason. */
export function UndoDialog({ lines, onClose }: { readonly lines: readonly Line[]; readonly onClose: () => void }) {
  const sequences = lines.map(({ sequence }) => sequence);
  const plan = useApi("planUndo", { sequences });
  const [isBusy, setBusy] = useState(false);
  const carryOut = async () => {
    setBusy(true);
    try {
      const { restored, cause } = await client.undoChanges({ sequences });
      onClose();
      const again = { label: t("review.undo"), act: () => void client.undoChanges({ cause: cause ?? "" }).then(renew) };
      say(t("undo.done", { count: totalOf(restored) }), { action: again });
      await renew();
    } catch (error) {
      setBusy(false);
      say(reasonOf(error), { isBad: true });
    }
  };
  const count = totalOf(plan.data?.restored ?? {});
  return (
    <Dialog title={t("undo.ask", { count: lines.length })} onClose={onClose}>
      {plan.isError ? <Failure error={plan.error} retry={() => void plan.refetch()} /> : null}
      {plan.data === undefined ? (
        plan.isError ? null : (
          <Skeleton lines={4} />
        )
      ) : (
        <>
          <p>
            {t("undo.lead", { count })} {plan.data.staying === 0 ? "" : t("undo.stay", { count: plan.data.staying })}
          </p>
          {plan.data.samples.length === 0 ? null : (
            <ScrollFrame label={t("change.samples")}>
              <table className="small">
                <thead>
                  <tr>
                    <th scope="col">{t("journal.record")}</th>
                    <th scope="col">{t("journal.field")}</th>
                    <th scope="col">{t("record.now")}</th>
                    <th scope="col">{t("undo.becomes")}</th>
                  </tr>
                </thead>
                <tbody>
                  {plan.data.samples.map(({ goldenId, label, field, from, to }) => (
                    <tr key={`${goldenId}/${field}`}>
                      <th scope="row">{label}</th>
                      <td>{fieldText(field)}</td>
                      <td>{valueText(from) || t("value.blank")}</td>
                      <td>{valueText(to) || t("value.blank")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollFrame>
          )}
          {plan.data.skipped.length === 0 ? null : (
            <ul className="small muted">
              {plan.data.skipped.slice(0, 5).map(({ goldenId, field, reason }) => (
                <li key={`${goldenId}/${field}`}>
                  {fieldText(field)}: {reason}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
      <div className="actions">
        <button
          type="button"
          className="button primary"
          disabled={isBusy || count === 0}
          onClick={() => void carryOut()}
        >
          {t("undo.do", { count: number(count) })}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t("app.cancel")}
        </button>
      </div>
    </Dialog>
  );
}

function totalOf(restored: Readonly<Record<string, number>>): number {
  return Object.values(restored).reduce((sum, one) => sum + one, 0);
}

async function renew(): Promise<void> {
  for (const name of ["listJournal", "getRecord", "listRecordJournal"])
    await queryClient.invalidateQueries({ queryKey: [name] });
}
