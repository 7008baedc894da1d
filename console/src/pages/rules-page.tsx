import { useState } from "react";
import { useApi } from "../api.ts";
import { entityText, fieldText } from "../format.ts";
import { t, tOr } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Loaded } from "../ui/state.tsx";

const deletes: Readonly<Record<string, string>> = {
  hold: t("rules.hold"),
  propagate: t("rules.propagate"),
  archive: t("rules.archive"),
  ignore: t("rules.ignore"),
};
const arrows: Readonly<Record<string, string>> = { both: "⇄", read: "→", write: "←" };

export function RulesPage() {
  const query = useApi("getConfig", {});
  const [wanted, setWanted] = useState("");
  const isWanted = (name: string) => name.toLowerCase().includes(wanted.toLowerCase());
  return (
    <div className="page">
      <Loaded query={query}>
        {({ file, entities }) => (
          <>
            <div className="page-head">
              <h1>{t("rules.title")}</h1>
              <input
                className="input"
                style={{ width: 200 }}
                type="search"
                value={wanted}
                onChange={(event) => setWanted(event.target.value)}
                placeholder={t("rules.filter")}
                aria-label={t("rules.filter")}
              />
              <p className="lead">{file === null ? t("rules.leadNoFile") : t("rules.lead", { file })}</p>
            </div>
            {entities.map((entity) => {
              const systems = entity.objects.map(({ system }) => system);
              return (
                <section key={entity.name} className="stack" aria-labelledby={`entity-${entity.name}`}>
                  <h2 id={`entity-${entity.name}`}>{entityText(entity.name)}</h2>
                  <div className="chips">
                    <span className="badge">
                      {t("rules.identity")} {entity.identity.map((key) => key.map(fieldText).join(" + ")).join(", ")}
                    </span>
                    <span className="badge">
                      {t("rules.deletes")} {deletes[entity.deletes] ?? entity.deletes}
                    </span>
                    <span className="badge">
                      {t("rules.duplicates")} {entity.duplicates === "link" ? t("rules.linkBoth") : t("rules.hold")}
                    </span>
                    {entity.required.length === 0 ? null : (
                      <span className="badge">
                        {t("rules.required")} {entity.required.map(fieldText).join(", ")}
                      </span>
                    )}
                  </div>
                  <ScrollFrame label={entityText(entity.name)}>
                    <table>
                      <thead>
                        <tr>
                          <th scope="col">{t("record.field")}</th>
                          <th scope="col">{t("rules.type")}</th>
                          <th scope="col">{t("rules.rule")}</th>
                          <th scope="col">{t("rules.clears")}</th>
                          {entity.objects.map(({ system, object }) => (
                            <th scope="col" key={`${system}/${object}`}>
                              {system} <span className="mono">{object}</span>
                            </th>
                          ))}
                        </tr>
                      </thead>
                      <tbody>
                        {entity.fields
                          .filter(({ name }) => isWanted(name))
                          .map((field) => (
                            <tr key={field.name}>
                              <th scope="row">
                                {fieldText(field.name)}
                                {field.group === null ? null : <span className="muted small"> {field.group}</span>}
                              </th>
                              <td title={field.options.join(", ")}>{field.type}</td>
                              <td>{field.rule}</td>
                              <td>{tOr(`rules.${field.clears}`, field.clears)}</td>
                              {systems.map((system) => {
                                const cell = field.cells.find((one) => one.system === system);
                                return (
                                  <td key={system}>
                                    {cell === undefined ? (
                                      <span className="muted">–</span>
                                    ) : (
                                      <>
                                        <span title={cell.direction}>{arrows[cell.direction]}</span>{" "}
                                        <code>{cell.cell}</code>
                                      </>
                                    )}
                                  </td>
                                );
                              })}
                            </tr>
                          ))}
                      </tbody>
                    </table>
                  </ScrollFrame>
                </section>
              );
            })}
          </>
        )}
      </Loaded>
    </div>
  );
}
