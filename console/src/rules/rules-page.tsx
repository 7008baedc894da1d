import { useState } from "react";
import { useApi } from "../api.ts";
import { entityText, fieldText } from "../format.ts";
import { useMe } from "../session.ts";
import { t, tOr } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Loaded } from "../ui/state.tsx";
import { useRuleChanges } from "./changes.ts";
import { ChangesPanel } from "./changes-panel.tsx";
import { FileEditor } from "./file-editor.tsx";
import { RuleDialog } from "./rule-dialog.tsx";
import { Suggestions } from "./suggestions.tsx";

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
  const [chosen, choose] = useState<RuleChosen | null>(null);
  const [isFileShown, showFile] = useState(false);
  const changes = useRuleChanges();
  const me = useMe();
  const isWanted = (name: string) => name.toLowerCase().includes(wanted.toLowerCase());
  return (
    <div className="page">
      <Loaded query={query}>
        {({ file, isEditable, entities }) => (
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
              <span className="grow" />
              {isEditable && me?.may("operate") === true ? (
                <button
                  type="button"
                  className="button"
                  aria-expanded={isFileShown}
                  onClick={() => showFile(!isFileShown)}
                >
                  {t(isFileShown ? "rules.hideFile" : "rules.editFile")}
                </button>
              ) : null}
              <p className="lead">{file === null ? t("rules.leadNoFile") : t("rules.lead", { file })}</p>
            </div>
            {file !== null && isEditable && me?.may("review") === true ? (
              <>
                <ChangesPanel file={file} />
                <Suggestions choose={(entity, field, rule) => choose({ entity, field, rule })} />
              </>
            ) : null}
            {isFileShown ? <FileEditor /> : null}
            {chosen === null ? null : (
              <RuleDialog
                entity={chosen.entity}
                field={chosen.field}
                first={chosen.rule}
                onClose={() => choose(null)}
              />
            )}
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
                              <td>
                                <RuleCell
                                  rule={field.rule}
                                  label={fieldText(field.name)}
                                  isChanged={changes.some(
                                    (one) => one.entity === entity.name && one.field === field.name,
                                  )}
                                  edit={
                                    isEditable && me?.may("review") === true && isDecisive(field, entity.fields)
                                      ? () => choose({ entity: entity.name, field: field.name, rule: "newest" })
                                      : null
                                  }
                                />
                              </td>
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

type RuleChosen = { readonly entity: string; readonly field: string; readonly rule: string };
type Grouped = { readonly name: string; readonly group: string | null };

/** Of a group the first field's rule decides. */
function isDecisive(field: Grouped, fields: readonly Grouped[]): boolean {
  return field.group === null || fields.find(({ group }) => group === field.group)?.name === field.name;
}

function RuleCell({
  rule,
  label,
  isChanged,
  edit,
}: {
  readonly rule: string;
  readonly label: string;
  readonly isChanged: boolean;
  /** `null`: not here, or not for this person. */
  readonly edit: (() => void) | null;
}) {
  if (edit === null) return <>{rule}</>;
  return (
    <span className="rule-cell">
      {rule}
      {isChanged ? <span className="badge accent">{t("rules.changed")}</span> : null}
      <button
        type="button"
        className="button small quiet"
        onClick={edit}
        aria-label={t("rules.change", { field: label })}
      >
        ✎
      </button>
    </span>
  );
}
