import { Menu } from "@base-ui/react/menu";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef } from "react";
import { useApi } from "../api.ts";
import {
  type HoldDetail as Detailed,
  entityText,
  fieldText,
  type Hold,
  spanText,
  systemOf,
  valueText,
} from "../format.ts";
import { DecideButton } from "../rules/decide-button.tsx";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { RecordLink } from "../ui/record-link.tsx";
import { Ago, FieldNames, SourceText, ValueText } from "../ui/value.tsx";
import { useNow } from "../use-now.ts";
import { type Choice, closedText, type Way } from "./choices.ts";
import { Evidence } from "./evidence.tsx";
import { Sparkline } from "./sparkline.tsx";

type Decide = (hold: Hold, choice: Choice) => void;

/** What is to be decided, with all that a decision needs, and the ways to decide it. */
export function HoldDetail({
  shown,
  ways,
  mayDecide,
  isEditing,
  edit,
  decide,
  assign,
  undo,
  back,
}: {
  /** As the list knows it; more is asked for. */
  readonly shown: Hold;
  readonly ways: readonly Way[];
  readonly mayDecide: boolean;
  readonly isEditing: boolean;
  readonly edit: (isEditing: boolean) => void;
  readonly decide: Decide;
  readonly assign: (to: string | null) => void;
  /** Takes a decision back; `null`: not for this person. */
  readonly undo: ((hold: Hold) => void) | null;
  readonly back: () => void;
}) {
  const { data } = useApi("getHold", { hold: shown.id });
  const hold = data ?? shown;
  const now = useNow();
  const isValues = hold.kind === "conflict" || hold.kind === "clear";
  return (
    <article className="stack">
      <header className="stack" style={{ gap: 6 }}>
        <div className="row">
          <button type="button" className="button small back" onClick={back}>
            ‹ {t("review.back")}
          </button>
          <span className={`badge ${hold.status === "open" ? "warn" : "good"}`}>{t(`kind.${hold.kind}`)}</span>
          <span className="muted">
            {entityText(hold.entity)}
            {hold.fields.length === 0 ? "" : " · "}
            <FieldNames fields={hold.fields} />
          </span>
          <span className="grow" />
          <span className="muted small">{t("review.age", { span: spanText(now - hold.openedAt) })}</span>
        </div>
        <div className="row">
          <h2 style={{ fontSize: "1.3rem" }}>{hold.label}</h2>
          <span className="grow" />
          {mayDecide ? <AssignMenu assignee={data?.assignee ?? null} assign={assign} /> : null}
          {hold.goldenId === null ? null : (
            <Link className="button small" to="/records/$record" params={{ record: hold.goldenId }}>
              {t("review.open")}
            </Link>
          )}
        </div>
        <p className="muted">{sentence(hold.reason)}</p>
        {hold.closed === null ? null : (
          <p className="note good">
            {t("review.decidedBy", { choice: closedText(hold), by: hold.closed.by })} · <Ago at={hold.closed.at} />{" "}
            {undo === null ? null : (
              <button type="button" className="button small" onClick={() => undo(hold)}>
                {t("review.undo")}
              </button>
            )}
          </p>
        )}
      </header>
      {isValues ? (
        <Sides hold={hold} ways={ways} decide={decide} />
      ) : hold.matches.length > 0 ? (
        <Evidence hold={hold} survivors={data?.survivors ?? []} />
      ) : (
        <Single hold={hold} />
      )}
      {isEditing ? <Editor hold={hold} decide={decide} close={() => edit(false)} /> : null}
      {mayDecide ? (
        <div className="actions">
          {isValues ? (
            <>
              {isEditing ? null : (
                <button type="button" className="button" onClick={() => edit(true)}>
                  {t("review.edit")} <kbd>e</kbd>
                </button>
              )}
              {hold.fields[0] === undefined ? null : (
                <DecideButton
                  entity={hold.entity}
                  field={hold.fields[0]}
                  systems={hold.candidates.flatMap(({ source }) => systemOf(source) ?? [])}
                  label={t("review.always")}
                  className="button quiet"
                />
              )}
            </>
          ) : (
            ways.map((way, i) => (
              <button
                key={way.label}
                type="button"
                className={`button ${way.isDanger === true ? "danger" : i === 0 ? "primary" : ""}`}
                onClick={() => decide(hold, way.choice)}
              >
                <span className="one-line" style={{ maxWidth: "38ch" }}>
                  {way.label}
                </span>
                {way.key === null ? null : <kbd>{way.key}</kbd>}
              </button>
            ))
          )}
        </div>
      ) : null}
      {data === undefined ? null : <Background hold={data} />}
    </article>
  );
}

/** Who shall decide it: oneself by one key, or a colleague. */
function AssignMenu({
  assignee,
  assign,
}: {
  readonly assignee: string | null;
  readonly assign: (to: string | null) => void;
}) {
  const me = useMe();
  const { data } = useApi("listReviewers", {});
  const others = (data?.items ?? []).filter(({ name }) => name !== me?.name);
  const entries = [
    ...(me == null ? [] : [{ name: me.name, text: t("review.assign") }]),
    ...others.map(({ name }) => ({ name, text: name })),
  ];
  return (
    <Menu.Root>
      <Menu.Trigger className="button small quiet">
        {assignee === null ? t("review.assignTo") : t("review.assignedTo", { name: assignee })} <kbd>a</kbd>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6}>
          <Menu.Popup className="menu-popup">
            {entries.map(({ name, text }) => (
              <Menu.Item key={name} className="menu-item" onClick={() => assign(name)}>
                {text}
              </Menu.Item>
            ))}
            {assignee === null ? null : (
              <Menu.Item className="menu-item" onClick={() => assign(null)}>
                {t("review.assignNobody")}
              </Menu.Item>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function Sides({
  hold,
  ways,
  decide,
}: {
  readonly hold: Hold;
  readonly ways: readonly Way[];
  readonly decide: Decide;
}) {
  const isLong = hold.candidates.some(({ values }) =>
    Object.values(values).some((value) => valueText(value).length > 60),
  );
  const size = isLong ? "long" : "big";
  const hasBase = Object.keys(hold.base).length > 0;
  return (
    <div className="sides">
      <section className="card side base" aria-label={t("review.base")}>
        <div className="who">
          <h3>{t("review.base")}</h3>
        </div>
        <div className="values">
          {hasBase ? (
            <Values values={hold.base} fields={hold.fields} size={size} />
          ) : (
            <span className="muted">{t("review.noBase")}</span>
          )}
        </div>
      </section>
      {hold.candidates.map((candidate, i) => {
        const way = ways[i];
        return (
          <section
            key={JSON.stringify([candidate.source, candidate.at])}
            className="card side"
            aria-label={`${t("review.take")} ${i + 1}`}
          >
            <div className="who">
              <strong>
                <SourceText source={candidate.source} />
              </strong>
              <Ago at={candidate.at.until} interval={candidate.at} />
            </div>
            <div className="values">
              <Values values={candidate.values} fields={hold.fields} size={size} base={hold.base} />
            </div>
            {way === undefined ? null : (
              <button type="button" className="button primary" onClick={() => decide(hold, way.choice)}>
                {way.label} {way.key === null ? null : <kbd>{way.key}</kbd>}
              </button>
            )}
          </section>
        );
      })}
    </div>
  );
}

function Values({
  values,
  fields,
  size,
  base,
}: {
  readonly values: Hold["base"];
  readonly fields: readonly string[];
  readonly size: string;
  readonly base?: Hold["base"];
}) {
  return fields.map((field) => (
    <div key={field}>
      {fields.length === 1 ? null : <div className="muted small">{fieldText(field)}</div>}
      <ValueText value={values[field]} before={base?.[field]} className={size} />
    </div>
  ));
}

/** A record that is held by itself: what it says. */
function Single({ hold }: { readonly hold: Hold }) {
  const values = hold.candidates[0]?.values ?? {};
  return (
    <section className="card stack">
      {hold.ref === null ? null : (
        <p>
          {hold.kind === "delete" ? t("review.deletedIn", { system: hold.ref.system }) : hold.ref.system}{" "}
          <span className="muted">
            {hold.ref.object} <RecordLink system={hold.ref.system} id={hold.ref.id} url={hold.url} />
          </span>
        </p>
      )}
      <dl className="facts">
        {Object.entries(values).map(([field, value]) => (
          <div key={field} style={{ display: "contents" }}>
            <dt>{fieldText(field)}</dt>
            <dd>
              <ValueText value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Editor({ hold, decide, close }: { readonly hold: Hold; readonly decide: Decide; readonly close: () => void }) {
  const first = useRef<HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const values = Object.fromEntries(
      hold.fields.map((field) => [field, String(form.get(field) ?? "") === "" ? null : String(form.get(field))]),
    );
    decide(hold, { kind: "set", values });
  };
  const hear = (event: React.KeyboardEvent<HTMLFormElement>) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
  };
  return (
    <form className="card stack" onSubmit={submit} onKeyDown={hear}>
      {hold.fields.map((field, i) => (
        <label key={field} className="field">
          <span>{fieldText(field)}</span>
          <textarea
            ref={i === 0 ? first : null}
            className="input"
            name={field}
            rows={1}
            defaultValue={valueText(hold.candidates.at(-1)?.values[field])}
          />
        </label>
      ))}
      <div className="actions">
        <button type="submit" className="button primary">
          {t("app.save")} <kbd>Ctrl ⏎</kbd>
        </button>
        <button type="button" className="button" onClick={close}>
          {t("app.cancel")}
        </button>
      </div>
    </form>
  );
}

/** What helps to decide: what rules would do, and what the field was before. */
function Background({ hold }: { readonly hold: Detailed }) {
  return (
    <>
      {hold.rules.length === 0 ? null : (
        <section className="stack" style={{ gap: 6 }}>
          <h3>{t("review.rules")}</h3>
          <div className="chips">
            {hold.rules.map(({ rule, isConfigured, values }) => (
              <span key={rule} className={`chip ${isConfigured ? "configured" : ""}`}>
                <b>{rule}</b>
                {isConfigured ? <span className="muted small">{t("review.configured")}</span> : null}
                <span className="muted">
                  {values === null
                    ? t("review.leaves")
                    : Object.values(values)
                        .map((value) => valueText(value) || t("value.blank"))
                        .join(", ")}
                </span>
              </span>
            ))}
          </div>
        </section>
      )}
      {hold.history.length === 0 ? null : (
        <section className="stack" style={{ gap: 6 }}>
          <h3>{t("review.history")}</h3>
          {hold.fields.map((field) => (
            <Sparkline key={field} history={hold.history} field={field} />
          ))}
          <ol className="history">
            {hold.history.map(({ at, field, value, source }) => (
              <li key={`${at}/${field}/${valueText(value)}`}>
                <span className="one-line">
                  {hold.fields.length > 1 ? `${fieldText(field)}: ` : ""}
                  {valueText(value) || t("value.blank")}
                </span>
                <span className="muted small">
                  <SourceText source={source} /> · <Ago at={at} />
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}
