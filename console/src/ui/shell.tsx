import { Menu } from "@base-ui/react/menu";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { client, queryClient, useApi } from "../api.ts";
import { useLive } from "../live.ts";
import type { Me } from "../session.ts";
import { type Key, number, t, tOr } from "../text.ts";
import { switchTheme } from "../theme.ts";
import { useKeys } from "../use-keys.ts";
import { Dialog } from "./dialog.tsx";
import { Logo } from "./logo.tsx";
import { Toasts } from "./toasts.tsx";

const places = [
  ["/", "nav.overview"],
  ["/review", "nav.review"],
  ["/records", "nav.records"],
  null,
  ["/systems", "nav.systems"],
  ["/rules", "nav.rules"],
  ["/plan", "nav.plan"],
  null,
  ["/alerts", "nav.alerts"],
  ["/dead-letters", "nav.deadLetters"],
  ["/sweeps", "nav.sweeps"],
  ["/journal", "nav.journal"],
  null,
  ["/settings", "nav.settings"],
] as const satisfies readonly (readonly [string, Key] | null)[];

/** What is around every page: where one can go, search, who is signed in, and whether what is shown is live. */
export function Shell({ me }: { readonly me: Me }) {
  const isLive = useLive(true);
  const [isOpen, setOpen] = useState(false);
  const [isHelpShown, showHelp] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const search = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu.
  useEffect(() => setOpen(false), [path]);
  useKeys({
    "/": () => search.current?.focus(),
    "?": () => showHelp(true),
    Escape: isOpen ? () => setOpen(false) : undefined,
  });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <Sidebar isOpen={isOpen} />
      <div className="main-column">
        <header className="topbar">
          <button
            type="button"
            className="button quiet icon menu-button"
            aria-label={t("app.menu")}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            ☰
          </button>
          <SearchBox input={search} />
          <span className="spacer" />
          <LiveSign isLive={isLive} />
          <button
            type="button"
            className="button quiet icon keys-button"
            aria-label={t("app.keys")}
            title={t("app.keys")}
            onClick={() => showHelp(true)}
          >
            ?
          </button>
          <UserMenu me={me} />
        </header>
        <main
          id="main"
          tabIndex={-1}
          style={{ outline: "none", display: "flex", flexDirection: "column", flex: 1, minWidth: 0 }}
        >
          <Outlet />
        </main>
      </div>
      <Toasts />
      {isHelpShown ? <Help onClose={() => showHelp(false)} /> : null}
    </div>
  );
}

function Sidebar({ isOpen }: { readonly isOpen: boolean }) {
  const { data } = useApi("getOverview", {});
  const held = Object.values(data?.holds ?? {}).reduce((sum, count) => sum + count, 0);
  const counts: Readonly<Record<string, number>> = {
    "/review": held,
    "/alerts": (data?.alerts.length ?? 0) + (data?.stoppedFlows ?? 0),
    "/dead-letters": data?.deadLetters ?? 0,
  };
  return (
    <div className={`sidebar ${isOpen ? "open" : ""}`}>
      <Link to="/" className="brand">
        <Logo />
        {t("app.name")}
      </Link>
      <nav className="nav" aria-label={t("app.menu")}>
        {places.map((place, i) =>
          place === null ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: gaps never move.
            <div key={i} className="nav-gap" />
          ) : (
            <Link key={place[0]} to={place[0]} activeOptions={{ exact: place[0] === "/" }}>
              {t(place[1])}
              {(counts[place[0]] ?? 0) === 0 ? null : (
                <span className={`count ${place[0] === "/review" ? "" : "bad"}`}>{number(counts[place[0]] ?? 0)}</span>
              )}
            </Link>
          ),
        )}
      </nav>
    </div>
  );
}

function SearchBox({ input }: { readonly input: React.RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const query = String(new FormData(event.currentTarget).get("query") ?? "");
    void navigate({ to: "/records", search: { query } });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the search element is younger than some browsers that people use.
    <form role="search" onSubmit={submit}>
      <input
        ref={input}
        className="input"
        name="query"
        type="search"
        placeholder={t("app.search")}
        aria-label={t("app.search")}
        autoComplete="off"
      />
    </form>
  );
}

function LiveSign({ isLive }: { readonly isLive: boolean }) {
  const text = t(isLive ? "app.live" : "app.offline");
  return (
    <span className="row small muted" title={text}>
      <span className={`dot ${isLive ? "" : "off"}`} />
      <span className="live-text">{text}</span>
    </span>
  );
}

function UserMenu({ me }: { readonly me: Me }) {
  const navigate = useNavigate();
  const leave = async () => {
    await client.signOut({});
    queryClient.clear();
    await queryClient.invalidateQueries({ queryKey: ["getSession"] });
    location.assign("/");
  };
  return (
    <Menu.Root>
      <Menu.Trigger className="button quiet" aria-label={`${me.name}, ${tOr(`role.${me.role}`, me.role)}`}>
        <span className="user-name">{me.name}</span> ▾
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" style={{ zIndex: 50 }}>
          <Menu.Popup className="menu-popup">
            <Menu.Item className="menu-item" onClick={() => void navigate({ to: "/settings" })}>
              {t("settings.account")}
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={switchTheme}>
              {t("app.theme")}
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={() => void leave()}>
              {t("app.signOut")}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const shortcuts = [
  ["j", "keys.next"],
  ["k", "keys.previous"],
  ["1 … 9", "keys.take"],
  ["e", "keys.edit"],
  ["u", "keys.undo"],
  ["x", "keys.select"],
  ["a", "keys.assign"],
  ["n", "keys.new"],
  ["l", "keys.leave"],
  ["/", "keys.search"],
  ["?", "keys.help"],
] as const;

function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={t("app.keys")} onClose={onClose}>
      <dl className="facts">
        {shortcuts.map(([key, text]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
