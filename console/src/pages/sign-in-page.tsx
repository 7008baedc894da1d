import { type FormEvent, useState } from "react";
import { client, reasonOf, renewAll } from "../api.ts";
import { t, tOr } from "../text.ts";
import { Logo } from "../ui/logo.tsx";

/** `provider`: what the OpenID Connect provider is called, if people may sign in there. */
export function SignInPage({ hasUsers, provider }: { readonly hasUsers: boolean; readonly provider: string | null }) {
  const [problem, setProblem] = useState<string | null>(comeBack);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await client.signIn({ name: String(form.get("name")), password: String(form.get("password")) });
      await renewAll();
    } catch (error) {
      setProblem(reasonOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="sign">
      <form className="card" onSubmit={submit}>
        <div className="brand">
          <Logo />
          <h1>{t("sign.title")}</h1>
        </div>
        {hasUsers || provider !== null ? null : <p className="note">{t("sign.first")}</p>}
        {problem === null ? null : (
          <p className="note bad" role="alert">
            {problem}
          </p>
        )}
        {provider === null ? null : (
          <>
            <a className="button primary" href="/auth/oidc">
              {t("sign.provider", { provider })}
            </a>
            <p className="muted small divider">{t("sign.or")}</p>
          </>
        )}
        <label className="field">
          <span>{t("sign.name")}</span>
          <input className="input" name="name" autoComplete="username" required />
        </label>
        <label className="field">
          <span>{t("sign.password")}</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className={`button ${provider === null ? "primary" : ""}`} disabled={isBusy}>
          {t("sign.submit")}
        </button>
      </form>
    </main>
  );
}

/** Why whoever comes back from the provider is not signed in; `null`: they don't. */
function comeBack(): string | null {
  const reason = new URLSearchParams(location.search).get("sign-in");
  return reason === null ? null : tOr(`sign.back.${reason}`, t("sign.back.failed"));
}
