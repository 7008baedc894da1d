import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client, queryClient, reasonOf } from "../api.ts";
import type { RecordView } from "../format.ts";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { say } from "../ui/toasts.tsx";

/** Takes records out of a golden record that holds what are two things. */
export function SplitButton({ view }: { readonly view: RecordView }) {
  const me = useMe();
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const refs = view.systems.flatMap(({ system, object, id, status }) =>
    id === null || status !== "linked" ? [] : [{ system, object, id }],
  );
  if (me?.may("review") !== true || refs.length < 2) return null;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const chosen = new FormData(event.currentTarget).getAll("ref").map(String);
    try {
      const { parted } = await client.splitRecord({
        record: view.id,
        refs: refs.filter((ref) => chosen.includes(nameOf(ref))),
      });
      setAsks(false);
      await queryClient.invalidateQueries();
      await navigate({ to: "/records/$record", params: { record: parted } });
      say(t("record.splitDone"));
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
  };
  return (
    <>
      <button type="button" className="button small" onClick={() => setAsks(true)}>
        {t("record.split")}
      </button>
      {asks ? (
        <Dialog title={t("record.splitTitle")} onClose={() => setAsks(false)}>
          <form className="stack" onSubmit={(event) => void submit(event)}>
            <p>{t("record.splitLead")}</p>
            {refs.map((ref) => (
              <label key={nameOf(ref)} className="row">
                <input type="checkbox" className="check" name="ref" value={nameOf(ref)} />
                <b>{ref.system}</b>
                <span className="mono">
                  {ref.object} {ref.id}
                </span>
              </label>
            ))}
            <div className="actions">
              <button type="submit" className="button primary">
                {t("record.splitDo")}
              </button>
              <button type="button" className="button" onClick={() => setAsks(false)}>
                {t("app.cancel")}
              </button>
            </div>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}

function nameOf({
  system,
  object,
  id,
}: {
  readonly system: string;
  readonly object: string;
  readonly id: string;
}): string {
  return `${system}/${object}/${id}`;
}
