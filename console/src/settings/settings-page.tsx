import { useState } from "react";
import { useMe } from "../session.ts";
import { type Key, t } from "../text.ts";
import { Account } from "./account.tsx";
import { Audit } from "./audit.tsx";
import { Tokens } from "./tokens.tsx";
import { Users } from "./users.tsx";

const tabs = ["account", "tokens", "users", "audit"] as const;
type Tab = (typeof tabs)[number];

export function SettingsPage() {
  const me = useMe();
  const [tab, setTab] = useState<Tab>("account");
  const shown = tabs.filter((one) => me?.may("admin") === true || one === "account" || one === "tokens");
  return (
    <div className="page narrow">
      <h1>{t("settings.title")}</h1>
      <nav className="tabs" aria-label={t("settings.title")}>
        {shown.map((one) => (
          <button key={one} type="button" aria-current={one === tab ? "page" : undefined} onClick={() => setTab(one)}>
            {t(`settings.${one}` as Key)}
          </button>
        ))}
      </nav>
      {tab === "account" ? <Account /> : null}
      {tab === "tokens" ? <Tokens /> : null}
      {tab === "users" ? <Users /> : null}
      {tab === "audit" ? <Audit /> : null}
    </div>
  );
}
