import type { Answer } from "../../../src/server/client.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { fieldText } from "../format.ts";
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

function Shown({ report }: { readonly report: Report }) {
  const rows = report.objects.flatMap(({ system, object, fields }) =>
    Object.entries(fields).map(([field, standings]) => ({ system, object, field, standings })),
  );
  return (
    <>
      <p className={`note ${report.isConverged ? "good" : "warn"}`}>
        {t(report.isConverged ? "convergence.yes" : "convergence.no")}
      </p>
      <ScrollFrame label={t("convergence.title")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("systems.objects")}</th>
              <th scope="col">{t("record.field")}</th>
              <th scope="col" className="right">
                {t("convergence.agrees")}
              </th>
              <th scope="col">{t("convergence.differs")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ system, object, field, standings: { agrees = 0, ...others } }) => (
              <tr key={`${system}/${object}/${field}`}>
                <td>
                  {system} {object}
                </td>
                <th scope="row">{fieldText(field)}</th>
                <td className="right num">{number(agrees)}</td>
                <td>
                  {Object.entries(others).map(([standing, count]) => (
                    <span key={standing} className="badge warn">
                      {number(count)} {tOr(`convergence.${standing}`, standing)}
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </>
  );
}
