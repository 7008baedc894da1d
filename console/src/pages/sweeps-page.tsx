import { useApi } from "../api.ts";
import { spanText } from "../format.ts";
import { number, t } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Ago } from "../ui/value.tsx";
import { Convergence } from "./convergence.tsx";
import { SweepButton } from "./sweep-button.tsx";

export function SweepsPage() {
  const query = useApi("listSweeps", {}, { refetchInterval: 2_000 });
  const overview = useApi("getOverview", {});
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>{t("sweeps.title")}</h1>
        <span className="grow" />
        {overview.data?.systems.map(({ name }) => (
          <SweepButton key={name} system={name} />
        ))}
        <p className="lead">{t("sweeps.lead")}</p>
      </div>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("sweeps.empty")} />
          ) : (
            <ScrollFrame label={t("sweeps.title")}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("journal.when")}</th>
                    <th scope="col">{t("systems.objects")}</th>
                    <th scope="col" className="right">
                      {t("sweeps.scanned")}
                    </th>
                    <th scope="col" className="right">
                      {t("sweeps.drifted")}
                    </th>
                    <th scope="col" className="right">
                      {t("sweeps.missing")}
                    </th>
                    <th scope="col">{t("sweeps.by")}</th>
                    <th scope="col" />
                  </tr>
                </thead>
                <tbody>
                  {items.map((sweep) => (
                    <tr key={sweep.id}>
                      <td>
                        <Ago at={sweep.startedAt} />
                      </td>
                      <th scope="row">
                        {sweep.system} {sweep.object}
                      </th>
                      <td className="right num">{number(sweep.scanned)}</td>
                      <td className="right num">{number(sweep.drifted)}</td>
                      <td className="right num">{number(sweep.missing)}</td>
                      <td>{sweep.by}</td>
                      <td>
                        {sweep.error !== null ? (
                          <span className="badge bad">{sweep.error}</span>
                        ) : sweep.doubted ? (
                          <span className="badge bad">{t("sweeps.doubted")}</span>
                        ) : sweep.endedAt === null ? (
                          <span className="badge accent">{t("sweeps.running")}</span>
                        ) : (
                          <span className="badge good">
                            {sweep.drifted === 0
                              ? t("sweeps.clean")
                              : t("sweeps.took", { span: spanText(sweep.endedAt - sweep.startedAt) })}
                          </span>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollFrame>
          )
        }
      </Loaded>
      <Convergence />
    </div>
  );
}
