import { type FormEvent, useState } from "react";
import { type Permission, permissions } from "../../../src/server/access/identity.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { timeText } from "../format.ts";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { Empty, Loaded } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";

export function Tokens() {
  const tokens = useApi("listTokens", {});
  const [made, setMade] = useState<string | null>(null);
  return (
    <>
      <p className="muted">
        {t("settings.docs")} <a href="/api/v1/docs">/api/v1/docs</a>
      </p>
      {made === null ? null : (
        <div className="note good stack">
          <b>{t("settings.tokenOnce")}</b>
          <code className="value">{made}</code>
          <div>
            <button
              type="button"
              className="button small"
              onClick={() => void navigator.clipboard.writeText(made).then(() => say(t("app.copied")))}
            >
              {t("app.copy")}
            </button>
          </div>
        </div>
      )}
      <NewToken onMade={setMade} />
      <Loaded query={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("settings.noTokens")} />
          ) : (
            <ul className="stack">
              {items.map(({ id, name, owner, scopes, expiresAt }) => (
                <li key={id} className="card row">
                  <span className="grow">
                    <b>{name}</b> <span className="muted">{owner}</span>
                    <br />
                    <span className="muted small">
                      {scopes.map((scope) => t(`scope.${scope}`)).join(", ")} ·{" "}
                      {expiresAt === null
                        ? t("settings.tokenForever")
                        : t("settings.tokenUntil", { time: timeText(expiresAt) })}
                    </span>
                  </span>
                  <button
                    type="button"
                    className="button small danger"
                    onClick={() => void client.revokeToken({ token: id }).then(renew)}
                  >
                    {t("settings.revoke")}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function renew(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["listTokens"] });
}

function NewToken({ onMade }: { readonly onMade: (token: string) => void }) {
  const me = useMe();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    try {
      const { token } = await client.createToken({
        name: String(given.get("name")),
        scopes: given.getAll("scope").map((scope) => String(scope) as Permission),
        days: Number(given.get("days")),
      });
      onMade(token);
      form.reset();
      await renew();
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("settings.tokenNew")}</h2>
      <div className="row" style={{ alignItems: "flex-end" }}>
        <label className="field grow">
          <span>{t("settings.tokenName")}</span>
          <input className="input" name="name" required maxLength={80} />
        </label>
        <label className="field">
          <span>{t("settings.tokenDays")}</span>
          <input className="input" name="days" type="number" min={1} max={730} defaultValue={90} required />
        </label>
      </div>
      <fieldset className="row" style={{ border: 0, padding: 0, margin: 0 }}>
        <legend className="muted">{t("settings.tokenScopes")}</legend>
        {permissions
          .filter((scope) => me?.may(scope))
          .map((scope) => (
            <label key={scope} className="row" style={{ gap: 5 }}>
              <input type="checkbox" className="check" name="scope" value={scope} defaultChecked={scope === "read"} />
              {t(`scope.${scope}`)}
            </label>
          ))}
      </fieldset>
      <div>
        <button type="submit" className="button primary">
          {t("settings.tokenMake")}
        </button>
      </div>
    </form>
  );
}
