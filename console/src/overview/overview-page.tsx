import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useApi } from "../api.ts";
import { entityText, fieldText, type Overview, spanText } from "../format.ts";
import { number, t, tOr } from "../text.ts";
import { Loaded, Skeleton } from "../ui/state.tsx";
import { useNow } from "../use-now.ts";
import { Stages } from "./stages.tsx";
import { SystemMap } from "./system-map.tsx";
import { Tour } from "./tour.tsx";

/** The chart's code is half of this page's: it may come after the rest. */
const Charts = lazy(() => import("./charts.tsx"));

const behindIsLate = 60_000;

/** One look tells whether all is well, and what a person is needed for. */
export function OverviewPage() {
  const query = useApi("getOverview", {}, { refetchInterval: 15_000 });
  return (
    <div className="page">
      <Loaded query={query} skeleton={<Skeleton lines={8} height={40} />}>
        {(overview) => (
          <>
            {overview.demo === null ? null : <Tour overview={overview} moved={overview.demo.moved} />}
            <StatusLine overview={overview} />
            <div className="overview-grid">
              <section className="card stack" aria-labelledby="map">
                <h2 id="map">{t("overview.map")}</h2>
                <SystemMap systems={overview.systems} />
              </section>
              <Todo overview={overview} />
            </div>
            <section className="card stack" aria-labelledby="stages">
              <h2 id="stages">
                {t("overview.stages")} <span className="muted small">{t("overview.perMinute")}</span>
              </h2>
              <Stages overview={overview} />
            </section>
            <section className="card stack" aria-labelledby="throughput">
              <h2 id="throughput">{t("overview.throughput")}</h2>
              <Suspense fallback={<div className="chart" />}>
                <Charts overview={overview} />
              </Suspense>
            </section>
          </>
        )}
      </Loaded>
    </div>
  );
}

type Mood = { readonly dot: "" | "warn" | "bad"; readonly text: string };

function moodOf(overview: Overview, now: number): Mood {
  const trouble = overview.systems.find((one) => one.trouble !== null);
  if (trouble?.trouble != null)
    return { dot: "bad", text: t("overview.trouble", { system: trouble.name, doing: trouble.trouble.doing }) };
  const late = overview.systems.find(({ behindSince }) => behindSince !== null && now - behindSince > behindIsLate);
  if (late !== undefined)
    return {
      dot: "warn",
      text: t("overview.behind", { system: late.name, span: spanText(now - (late.behindSince ?? now)) }),
    };
  if (overview.waitsForApproval) return { dot: "warn", text: t("overview.approval") };
  if (!overview.isLoaded) return { dot: "warn", text: t("overview.loading") };
  const critical = overview.alerts.find(({ severity }) => severity === "critical");
  if (critical !== undefined) return { dot: "bad", text: critical.title };
  const count = sum(overview.holds) + overview.deadLetters + overview.stoppedFlows;
  return count === 0 ? { dot: "", text: t("overview.well") } : { dot: "warn", text: t("overview.needs", { count }) };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function StatusLine({ overview }: { readonly overview: Overview }) {
  const mood = moodOf(overview, useNow());
  return (
    <div className="status-line">
      <h1>
        <span className={`dot ${mood.dot}`} />
        {mood.text}
      </h1>
      <span className="grow" />
      {Object.entries(overview.records).map(([entity, count]) => (
        <span key={entity} className="muted">
          {entityText(entity)} <b className="num">{number(count)}</b>
        </span>
      ))}
      {overview.waitsForApproval ? (
        <Link to="/plan" className="button primary">
          {t("overview.toPlan")}
        </Link>
      ) : null}
      {overview.inbox === 0 ? null : (
        <span className="badge accent">{t("overview.waiting", { count: overview.inbox })}</span>
      )}
    </div>
  );
}

function Todo({ overview }: { readonly overview: Overview }) {
  const { data } = useApi("listHoldGroups", {});
  const groups = data?.items ?? [];
  const alerts = overview.alerts.length + overview.stoppedFlows;
  const isNothing = sum(overview.holds) + overview.deadLetters + alerts === 0;
  return (
    <section className="card stack" aria-labelledby="people">
      <h2 id="people">{t("overview.people")}</h2>
      {isNothing ? <p className="muted">{t("overview.nothing")}</p> : null}
      <ul className="todo">
        {alerts === 0 ? null : (
          <li>
            <Link to="/alerts">
              <span className="big">{number(alerts)}</span>
              <span>
                {t("nav.alerts")}
                <br />
                <span className="muted small">{overview.alerts[0]?.title ?? t("flows.title")}</span>
              </span>
            </Link>
          </li>
        )}
        {groups.slice(0, 8).map(({ kind, entity, fields, count }) => (
          <li key={`${kind}/${entity}/${fields.join()}`}>
            <Link to="/review" search={{ kind, entity, fields: fields.join(",") }}>
              <span className="big">{number(count)}</span>
              <span>
                {tOr(`kind.${kind}.many`, kind)}
                <br />
                <span className="muted small">
                  {entityText(entity)}
                  {fields.length === 0 ? "" : ` · ${fields.map(fieldText).join(", ")}`}
                </span>
              </span>
            </Link>
          </li>
        ))}
        {overview.deadLetters === 0 ? null : (
          <li>
            <Link to="/dead-letters">
              <span className="big">{number(overview.deadLetters)}</span>
              <span>{t("nav.deadLetters")}</span>
            </Link>
          </li>
        )}
      </ul>
    </section>
  );
}
