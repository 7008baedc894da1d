import { type FormEvent, useState } from "react";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { timeText } from "../format.ts";
import { useMe } from "../session.ts";
import { t, tOr } from "../text.ts";
import { Loaded } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";

export function Account() {
  const me = useMe();
  const sessions = useApi("listSessions", {});
  return (
    <>
      <p>{t("settings.you", { name: me?.name ?? "", role: tOr(`role.${me?.role ?? ""}`, "") })}</p>
      <Password />
      <h2>{t("settings.sessions")}</h2>
      <Loaded query={sessions}>
        {({ items }) => (
          <ul className="stack">
            {items.map(({ id, user, createdAt, agent, address, isThis }) => (
              <li key={id} className="row card">
                <span className="grow">
                  <b>{user}</b> <span className="muted">{t("settings.since", { time: timeText(createdAt) })}</span>
                  {isThis ? <span className="badge accent">{t("settings.thisSession")}</span> : null}
                  <br />
                  <span className="muted small">
                    {address} · {agent}
                  </span>
                </span>
                <button
                  type="button"
                  className="button small danger"
                  onClick={() => void client.revokeSession({ session: id }).then(() => queryClient.invalidateQueries())}
                >
                  {t("settings.end")}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
}

function Password() {
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    try {
      await client.changePassword({ current: String(given.get("current")), next: String(given.get("next")) });
      setProblem(null);
      form.reset();
      say(t("settings.changed"));
      await queryClient.invalidateQueries({ queryKey: ["listSessions"] });
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
    <form className="card stack" style={{ maxWidth: 420 }} onSubmit={submit}>
      <h2>{t("settings.password")}</h2>
      {problem === null ? null : (
        <p className="note bad" role="alert">
          {problem}
        </p>
      )}
      <label className="field">
        <span>{t("settings.current")}</span>
        <input className="input" type="password" name="current" autoComplete="current-password" required />
      </label>
      <label className="field">
        <span>{t("settings.next")}</span>
        <input className="input" type="password" name="next" autoComplete="new-password" minLength={10} required />
      </label>
      <div>
        <button type="submit" className="button primary">
          {t("app.save")}
        </button>
      </div>
    </form>
  );
}
