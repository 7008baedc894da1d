import { type FormEvent, useState } from "react";
import { client, reasonOf, renewAll } from "../api.ts";
import { t } from "../text.ts";
import { Logo } from "../ui/logo.tsx";

export function SignInPage({ hasUsers }: { readonly hasUsers: boolean }) {
  const [problem, setProblem] = useState<string | null>(null);
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
        {hasUsers ? null : <p className="note">{t("sign.first")}</p>}
        {problem === null ? null : (
          <p className="note bad" role="alert">
            {problem}
          </p>
        )}
        <label className="field">
          <span>{t("sign.name")}</span>
          <input className="input" name="name" autoComplete="username" required />
        </label>
        <label className="field">
          <span>{t("sign.password")}</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className="button primary" disabled={isBusy}>
          {t("sign.submit")}
        </button>
      </form>
    </main>
  );
}
