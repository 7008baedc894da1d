import { useApi } from "../api.ts";
import { entityText, type SystemView, spanText } from "../format.ts";
import { number, t } from "../text.ts";
import { Loaded } from "../ui/state.tsx";
import { Ago } from "../ui/value.tsx";
import { useNow } from "../use-now.ts";
import { SweepButton } from "./sweep-button.tsx";

export function SystemsPage() {
  const query = useApi("getOverview", {}, { refetchInterval: 15_000 });
  return (
    <div className="page">
      <h1>{t("systems.title")}</h1>
      <Loaded query={query}>
        {({ systems }) => (
          <div className="cards">
            {systems.map((system) => (
              <SystemDetail key={system.name} system={system} />
            ))}
          </div>
        )}
      </Loaded>
    </div>
  );
}

const promises = ["conditionalWrite", "uniqueCreate", "history", "deleteEvents"] as const;

function SystemDetail({ system }: { readonly system: SystemView }) {
  const now = useNow();
  const { name, label, trouble, behind, behindSince, feed, lastReceivedAt, lastWrittenAt } = system;
  return (
    <section className="card stack" aria-labelledby={`system-${name}`}>
      <div className="row">
        <h2 id={`system-${name}`}>{name}</h2>
        <span className="muted">{label}</span>
        <span className="grow" />
        <span className={`badge ${trouble === null ? "good" : "bad"}`}>
          {trouble === null ? t("systems.well") : trouble.doing}
        </span>
      </div>
      {trouble === null ? null : (
        <p className="note bad">
          {trouble.message} <Ago at={trouble.since} />
        </p>
      )}
      <dl className="facts">
        <dt>{t("overview.linked", { count: 2 }).replace(/^\d+ /u, "")}</dt>
        <dd className="num">
          {number(system.linked)},{" "}
          {behind === 0
            ? t("overview.upToDate")
            : `${t("overview.isBehind", { count: behind })}, ${spanText(now - (behindSince ?? now))}`}
        </dd>
        <dt>{t("systems.lastIn")}</dt>
        <dd>{lastReceivedAt === null ? t("time.never") : <Ago at={lastReceivedAt} />}</dd>
        <dt>{t("systems.lastOut")}</dt>
        <dd>{lastWrittenAt === null ? t("time.never") : <Ago at={lastWrittenAt} />}</dd>
      </dl>
      <h3>{t("systems.objects")}</h3>
      <ul>
        {system.objects.map(({ object, entity, fields, creates }) => (
          <li key={object}>
            <b>{object}</b>{" "}
            <span className="muted">
              {entityText(entity)}, {t("systems.fields", { count: fields })},{" "}
              {t(creates ? "systems.creates" : "systems.reads")}
            </span>
          </li>
        ))}
      </ul>
      <h3>{t("systems.promises")}</h3>
      <div className="chips">
        <span className="badge">{t(`systems.feed.${feed}`)}</span>
        {promises
          .filter((promise) => system.guarantees[promise])
          .map((promise) => (
            <span key={promise} className="badge good">
              {t(`systems.${promise}`)}
            </span>
          ))}
      </div>
      <Limits limits={system.limits} />
      <SweepButton system={name} />
    </section>
  );
}

function Limits({ limits }: { readonly limits: SystemView["limits"] }) {
  if (limits.length === 0) return null;
  return (
    <>
      <h3>{t("limits.title")}</h3>
      <ul className="small">
        {limits.map(({ name, inUse, waiting, silentForMs, day }) => (
          <li key={name}>
            <b>{name}</b>{" "}
            <span className="muted">
              {[
                t("limits.used", { percent: Math.round(100 * inUse) }),
                ...(waiting === 0 ? [] : [t("limits.waiting", { count: waiting })]),
                ...(silentForMs === 0 ? [] : [t("limits.silent", { span: spanText(silentForMs) })]),
                ...(day === null ? [] : [t("limits.day", { left: day.left, max: day.max })]),
              ].join(", ")}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
