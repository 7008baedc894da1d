import { useApi } from "../api.ts";
import { fieldText } from "../format.ts";
import { t } from "../text.ts";

/** Rules that people's decisions follow anyway. */
export function Suggestions({ choose }: { readonly choose: (entity: string, field: string, rule: string) => void }) {
  const { data } = useApi("suggestRules", {});
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="suggestions">
      <h2 id="suggestions">{t("suggest.title")}</h2>
      <ul className="stack" style={{ gap: 8 }}>
        {data.items.map(({ entity, field, rule, decisions, agreed, settles }) => (
          <li key={`${entity}.${field}`} className="row">
            <span className="grow">
              <b>
                {entity} {fieldText(field).toLowerCase()}
              </b>{" "}
              <code>{rule}</code>{" "}
              <span className="muted">
                {t("suggest.why", { agreed, decisions })} {t("suggest.settles", { count: settles })}
              </span>
            </span>
            <button type="button" className="button small" onClick={() => choose(entity, field, rule)}>
              {t("suggest.look")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
