import { useState } from "react";
import type { Answer } from "../../../src/server/client.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { spanText } from "../format.ts";
import { useMe } from "../session.ts";
import { number, t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { Ago } from "../ui/value.tsx";

type Alert = Answer<"listAlerts">["items"][number];
type Flow = Answer<"listStoppedFlows">["items"][number];

export function AlertsPage() {
  const [status, setStatus] = useState<"open" | "past">("open");
  const alerts = useApi("listAlerts", { status }, { refetchInterval: 10_000 });
  const flows = useApi("listStoppedFlows", {}, { refetchInterval: 10_000 });
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>{t("alerts.title")}</h1>
        <select
          className="input"
          aria-label={t("alerts.title")}
          value={status}
          onChange={(event) => setStatus(event.target.value as "open" | "past")}
        >
          <option value="open">{t("alerts.open")}</option>
          <option value="past">{t("alerts.past")}</option>
        </select>
      </div>
      {status === "past" || (flows.data?.items.length ?? 0) === 0 ? null : (
        <section className="stack" aria-labelledby="flows">
          <h2 id="flows">{t("flows.title")}</h2>
          {flows.data?.items.map((flow) => (
            <FlowCard key={flow.key} flow={flow} />
          ))}
        </section>
      )}
      <Loaded query={alerts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t(status === "open" ? "alerts.none" : "alerts.nonePast")}>
              {status === "open" ? <p>{t("alerts.noneLead")}</p> : null}
            </Empty>
          ) : (
            <ul className="stack">
              {items.map((alert) => (
                <AlertCard key={`${alert.key}/${alert.openedAt}`} alert={alert} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  );
}

async function renewAfter(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    say(reasonOf(error), { isBad: true });
  }
  for (const name of ["listAlerts", "listStoppedFlows", "getOverview"])
    await queryClient.invalidateQueries({ queryKey: [name] });
}

const tones = { info: "", warning: "warn", critical: "bad" } as const;

function AlertCard({ alert }: { readonly alert: Alert }) {
  const me = useMe();
  const { key, severity, title, happened, did, todo, records, openedAt, resolvedAt, acknowledged } = alert;
  return (
    <li className="card stack">
      <div className="row">
        <span className={`badge ${tones[severity]}`}>{t(`alerts.${severity}`)}</span>
        <strong>{title}</strong>
        <span className="grow" />
        <span className="muted small">
          <Ago at={openedAt} />
          {resolvedAt === null ? "" : ` · ${t("alerts.lasted", { span: spanText(resolvedAt - openedAt) })}`}
        </span>
      </div>
      <p>{happened}</p>
      {records.length === 0 ? null : (
        <p className="mono small">{records.map(({ system, object, id }) => `${system}/${object}/${id}`).join("  ")}</p>
      )}
      <dl className="facts">
        <dt>{t("alerts.did")}</dt>
        <dd>{did}</dd>
        <dt>{t("alerts.todo")}</dt>
        <dd>{todo}</dd>
      </dl>
      {acknowledged !== null ? (
        <p className="muted small">
          {t("alerts.takenBy", acknowledged)} · <Ago at={acknowledged.at} />
        </p>
      ) : resolvedAt === null && me?.may("review") === true ? (
        <div>
          <button
            type="button"
            className="button"
            onClick={() => void renewAfter(client.acknowledgeAlert({ alert: key }))}
          >
            {t("alerts.take")}
          </button>
        </div>
      ) : null}
    </li>
  );
}

function FlowCard({ flow }: { readonly flow: Flow }) {
  const me = useMe();
  const [asks, setAsks] = useState(false);
  const { key, system, object, what, count, limit, stoppedAt, samples, decision } = flow;
  const decide = (kind: "approve" | "hold") => void renewAfter(client.decideFlow({ flow: key, kind, left: null }));
  return (
    <div className="card stack">
      <div className="row">
        <span className="badge bad">{t(`flows.${what}`)}</span>
        <strong>
          {system} {object}
        </strong>
        <span className="grow" />
        <Ago at={stoppedAt} />
      </div>
      <p>{t("flows.what", { count: number(count), what: t(`flows.${what}`), system, object, limit: number(limit) })}</p>
      {samples.length === 0 ? null : <p className="mono small">{samples.map(({ id }) => id).join("  ")}</p>}
      {decision !== null ? (
        <p className="muted">
          {t("flows.decided", {
            what: t(decision.kind === "approve" ? "flows.approved" : "flows.held"),
            by: decision.by,
          })}
        </p>
      ) : me?.may("operate") === true ? (
        <div className="actions">
          <button type="button" className="button primary" onClick={() => decide("hold")}>
            {t("flows.hold")}
          </button>
          <button type="button" className="button danger" onClick={() => setAsks(true)}>
            {t("flows.approve")}
          </button>
        </div>
      ) : null}
      {asks ? (
        <Dialog title={t("flows.approveAsk")} onClose={() => setAsks(false)}>
          <p>
            {t("flows.what", { count: number(count), what: t(`flows.${what}`), system, object, limit: number(limit) })}
          </p>
          <div className="actions">
            <button
              type="button"
              className="button danger"
              onClick={() => {
                setAsks(false);
                decide("approve");
              }}
            >
              {t("flows.approve")}
            </button>
            <button type="button" className="button" onClick={() => setAsks(false)}>
              {t("app.cancel")}
            </button>
          </div>
        </Dialog>
      ) : null}
    </div>
  );
}
