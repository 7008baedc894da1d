import type { Answer } from "../../../src/server/client.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { entityText, fieldText } from "../format.ts";
import { useMe } from "../session.ts";
import { number, t, tOr } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { Ago } from "../ui/value.tsx";

type Report = NonNullable<Answer<"getConvergence">["report"]>;

/** Which fields agree in which systems, and why the others do not. */
export function Convergence() {
  const me = useMe();
  const first = useApi("getConvergence", {});
  const isRunning = first.data?.state === "running";
  const { data } = useApi("getConvergence", {}, isRunning ? { refetchInterval: 700 } : {});
  const start = async () => {
    try {
      await client.startConvergence({});
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
    await queryClient.invalidateQueries({ queryKey: ["getConvergence"] });
  };
  return (
    <section className="stack" aria-labelledby="convergence">
      <div className="page-head">
        <h2 id="convergence">{t("convergence.title")}</h2>
        {data?.report == null ? null : <Ago at={data.report.at} />}
        <span className="grow" />
        {me?.may("operate") === true ? (
          <button type="button" className="button" disabled={isRunning} onClick={() => void start()}>
            {t(isRunning ? "convergence.running" : "convergence.start")}
          </button>
        ) : null}
        <p className="lead">{t("convergence.lead")}</p>
      </div>
      {data?.error == null ? null : <p className="note bad">{data.error}</p>}
      {isRunning && data?.report == null ? <Skeleton /> : null}
      {data?.report == null ? null : <Shown report={data.report} />}
    </section>
  );
}

/** Per entity: fields down, systems across. */
function Shown({ report }: { readonly report: Report }) {
  const entities = [...Map.groupBy(report.objects, ({ entity }) => entity)];
  return (
    <>
      <p className={`note ${report.isConverged ? "good" : "warn"}`}>
        {t(report.isConverged ? "convergence.yes" : "convergence.no")}
      </p>
      {entities.map(([entity, objects]) => (
        <ScrollFrame key={entity} label={`${t("convergence.title")} ${entityText(entity)}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{entityText(entity)}</th>
                {objects.map(({ system, object, records }) => (
                  <th scope="col" key={`${system}/${object}`}>
                    {system} <span className="mono">{object}</span>
                    <Counts counts={records} good="linked" prefix="presence" />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...new Set(objects.flatMap(({ fields }) => Object.keys(fields)))].map((field) => (
                <tr key={field}>
                  <th scope="row">{fieldText(field)}</th>
                  {objects.map(({ system, object, fields }) => (
                    <td key={`${system}/${object}`}>
                      <Standings standings={fields[field]} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollFrame>
      ))}
    </>
  );
}

function Standings({ standings }: { readonly standings: Readonly<Record<string, number>> | undefined }) {
  if (standings === undefined) return <span className="muted">–</span>;
  const { agrees = 0, ...others } = standings;
  const all = Object.values(others).reduce((sum, count) => sum + count, agrees);
  return (
    <span className="standing">
      <span className="share" aria-hidden="true">
        <i className="good" style={{ width: `${(100 * agrees) / Math.max(1, all)}%` }} />
        <i className="bad" style={{ width: `${(100 * (all - agrees)) / Math.max(1, all)}%` }} />
      </span>
      <span className="num">{t("convergence.agree", { agrees, all })}</span>
      <Counts counts={others} good="" prefix="convergence" />
    </span>
  );
}

/** What is not as it should be, counted. */
function Counts({
  counts,
  good,
  prefix,
}: {
  readonly counts: Readonly<Record<string, number>>;
  readonly good: string;
  readonly prefix: "presence" | "convergence";
}) {
  return Object.entries(counts)
    .filter(([name, count]) => name !== good && count > 0)
    .map(([name, count]) => (
      <span key={name} className="badge warn">
        {number(count)} {tOr(`${prefix}.${name}`, name)}
      </span>
    ));
}
