import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Answer } from "../../../src/server/client.ts";
import { client, queryClient, reasonOf, useList } from "../api.ts";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Failure, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { Ago } from "../ui/value.tsx";

type Letter = Answer<"listDeadLetters">["items"][number];
type Report = Answer<"replayDeadLetters">;

export function DeadLettersPage() {
  const me = useMe();
  const [status, setStatus] = useState<"open" | "closed">("open");
  const list = useList("listDeadLetters", { status, limit: 50 });
  const letters = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const mayAct = me?.may("operate") === true && status === "open";
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>{t("dead.title")}</h1>
        <select
          className="input"
          aria-label={t("dead.title")}
          value={status}
          onChange={(event) => setStatus(event.target.value as "open" | "closed")}
        >
          <option value="open">{t("dead.open")}</option>
          <option value="closed">{t("dead.closed")}</option>
        </select>
        <span className="grow" />
        {mayAct && letters.length > 1 ? (
          <button
            type="button"
            className="button"
            onClick={() => void carryOut(() => client.replayDeadLetters({}), "dead.done")}
          >
            {t("dead.replayAll")}
          </button>
        ) : null}
      </div>
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton /> : null}
      {list.data !== undefined && letters.length === 0 ? (
        <Empty title={t("dead.empty")}>
          <p>{t("dead.emptyLead")}</p>
        </Empty>
      ) : null}
      <ul className="stack">
        {letters.map((letter) => (
          <LetterCard key={letter.id} letter={letter} mayAct={mayAct} />
        ))}
      </ul>
      {list.hasNextPage ? (
        <button type="button" className="button" onClick={() => void list.fetchNextPage()}>
          {t("app.more")}
        </button>
      ) : null}
    </div>
  );
}

async function carryOut(act: () => Promise<Report>, text: "dead.done" | "dead.given"): Promise<boolean> {
  try {
    const { done, failed } = await act();
    if (done > 0) say(t(text, { count: done }));
    if (failed.length > 0)
      say(t("dead.stays", { count: failed.length, reason: failed[0]?.reason ?? "" }), { isBad: true });
    await queryClient.invalidateQueries({ queryKey: ["listDeadLetters"] });
    await queryClient.invalidateQueries({ queryKey: ["getOverview"] });
    return true;
  } catch (error) {
    say(reasonOf(error), { isBad: true });
    return false;
  }
}

function LetterCard({ letter, mayAct }: { readonly letter: Letter; readonly mayAct: boolean }) {
  const [asks, setAsks] = useState<"discard" | "edit" | null>(null);
  const { id, kind, ref, goldenId, reason, tries, at, closed, advice, payload, code } = letter;
  return (
    <li className="card stack">
      <div className="row">
        <strong>
          {t(kind === "write" ? "dead.write" : "dead.observation")} {ref?.system ?? ""}
        </strong>
        <span className="muted">
          {ref?.object} {ref?.id}
        </span>
        <span className="badge bad">{code}</span>
        <span className="grow" />
        <span className="muted small">
          {t("dead.tries", { count: tries })} · <Ago at={at} />
        </span>
      </div>
      <p className="value">{reason}</p>
      {closed === null ? null : (
        <p className="muted">{t(`dead.ended.${closed.how}`, { by: closed.by, reason: closed.reason })}</p>
      )}
      {advice.length === 0 ? null : (
        <ul className="muted small">
          {advice.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <details>
        <summary>{t("dead.payload")}</summary>
        {payload === null ? (
          <p className="muted">{t("dead.hidden")}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard.
          <pre className="json" tabIndex={0}>
            {JSON.stringify(payload, null, 2)}
          </pre>
        )}
      </details>
      <div className="actions">
        {mayAct ? (
          <>
            <button
              type="button"
              className="button primary"
              onClick={() => void carryOut(() => client.replayDeadLetters({ ids: [id] }), "dead.done")}
            >
              {t("dead.replay")}
            </button>
            <button type="button" className="button" onClick={() => setAsks("edit")}>
              {t("dead.edit")}
            </button>
            <button type="button" className="button danger" onClick={() => setAsks("discard")}>
              {t("dead.discard")}
            </button>
          </>
        ) : null}
        {goldenId === null ? null : (
          <Link className="button quiet" to="/records/$record" params={{ record: goldenId }}>
            {t("review.open")}
          </Link>
        )}
      </div>
      {asks === "discard" ? <Discard id={id} onClose={() => setAsks(null)} /> : null}
      {asks === "edit" ? <Edit letter={letter} onClose={() => setAsks(null)} /> : null}
    </li>
  );
}

function Discard({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason"));
    if (await carryOut(() => client.discardDeadLetters({ ids: [id], reason }), "dead.given")) onClose();
  };
  return (
    <Dialog title={t("dead.discard")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>{t("dead.why")}</span>
          <input className="input" name="reason" required maxLength={500} />
        </label>
        <button type="submit" className="button danger">
          {t("dead.discard")}
        </button>
      </form>
    </Dialog>
  );
}

/** What can be corrected: an observation's cells, or the fields of a write. */
function editable({ kind, payload }: Letter): Readonly<Record<string, unknown>> {
  const document = (payload ?? {}) as {
    readonly cells?: Record<string, unknown>;
    readonly values?: Record<string, unknown>;
  };
  return (kind === "observation" ? document.cells : document.values) ?? {};
}

function Edit({ letter, onClose }: { readonly letter: Letter; readonly onClose: () => void }) {
  const values = editable(letter);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const changed = Object.entries(values).flatMap(([name, before]) => {
      const now = String(form.get(name) ?? "");
      return now === textOf(before) ? [] : [[name, now === "" ? null : now] as const];
    });
    const call = () => client.editDeadLetter({ letter: letter.id, values: Object.fromEntries(changed) });
    if (await carryOut(call, "dead.done")) onClose();
  };
  return (
    <Dialog title={t("dead.edit")} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {Object.entries(values).map(([name, value]) => (
          <label key={name} className="field">
            <span>{name}</span>
            <input className="input" name={name} defaultValue={textOf(value)} />
          </label>
        ))}
        <button type="submit" className="button primary">
          {t("dead.edit")}
        </button>
      </form>
    </Dialog>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
}
