import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError, client, reasonOf, renewAll } from "../api.ts";
import { t } from "../text.ts";
import { Logo } from "../ui/logo.tsx";
import { Skeleton } from "../ui/state.tsx";

/** Takes an invitation, whose secret stands behind "#" in the address. A pass lets in at once; else a password is chosen. */
export function WelcomePage() {
  const navigate = useNavigate();
  const secret = useRef(location.hash.slice(1)).current;
  const [needsPassword, setNeedsPassword] = useState(false);
  const [invited, setInvited] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(secret === "" ? t("welcome.noSecret") : null);
  const tried = useRef(false);

  const accept = async (more: { readonly name?: string; readonly password?: string }) => {
    await client.acceptInvitation({ secret, ...more });
    await renewAll();
    await navigate({ to: "/", replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is opened.
  useEffect(() => {
    if (secret === "" || tried.current) return;
    tried.current = true;
    accept({}).catch((error: unknown) => {
      // It asks for a password: then it is good.
      if (!(error instanceof ApiError) || error.status !== 422) return setProblem(reasonOf(error));
      const { name } = error.problem;
      setInvited(typeof name === "string" ? name : null);
      setNeedsPassword(true);
    });
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("name") ?? "").trim();
    try {
      await accept({ ...(name === "" ? {} : { name }), password: String(form.get("password")) });
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
    <main className="sign">
      <form className="card" onSubmit={submit}>
        <div className="brand">
          <Logo />
          <h1>{t("welcome.title")}</h1>
        </div>
        {problem === null ? null : (
          <p className="note bad" role="alert">
            {problem}
          </p>
        )}
        {!needsPassword && problem === null ? <Skeleton lines={3} /> : null}
        {needsPassword ? (
          <>
            <p className="muted">{t(invited === null ? "welcome.lead" : "welcome.leadInvited")}</p>
            <label className="field">
              <span>{t("sign.name")}</span>
              <input
                className="input"
                name="name"
                autoComplete="username"
                defaultValue={invited ?? ""}
                readOnly={invited !== null}
                required
              />
            </label>
            <label className="field">
              <span>{t("sign.password")}</span>
              <input
                className="input"
                name="password"
                type="password"
                autoComplete="new-password"
                minLength={10}
                required
                aria-describedby="hint"
              />
              <span id="hint" className="muted small">
                {t("welcome.hint")}
              </span>
            </label>
            <button type="submit" className="button primary">
              {t("welcome.submit")}
            </button>
          </>
        ) : null}
      </form>
    </main>
  );
}
