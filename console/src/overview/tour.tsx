import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Overview, spanText } from "../format.ts";
import { number, t } from "../text.ts";
import { useNow } from "../use-now.ts";

const place = "truce-tour";
const lists = new Intl.ListFormat("en");

/** Of the demo only: what is going on here, and where to look first. */
export function Tour({ overview, moved }: { readonly overview: Overview; readonly moved: string }) {
  const [isShown, show] = useState(sessionStorage.getItem(place) === null);
  const now = useNow();
  const hide = () => {
    sessionStorage.setItem(place, "hidden");
    show(false);
  };
  if (!isShown) return null;
  const { holds, records } = overview;
  const systems = lists.format(overview.systems.map(({ name, label }) => `${label} (${name})`));
  const [conflicts, duplicates] = [holds["conflict"] ?? 0, holds["duplicate"] ?? 0];
  return (
    <section className="card tour" aria-labelledby="tour">
      <div className="row">
        <h2 id="tour">{t("tour.title")}</h2>
        <span className="grow" />
        <button type="button" className="button small quiet" onClick={hide}>
          {t("tour.hide")}
        </button>
      </div>
      <p>
        {t("tour.lead", { people: records["contact"] ?? 0, companies: records["company"] ?? 0, systems })}{" "}
        {overview.isLoaded ? t("tour.since", { span: spanText(now - overview.startedAt) }) : t("tour.reading")}
      </p>
      <ol className="tour-steps">
        <li>
          <Link to="/review" search={{ kind: "conflict" }}>
            <b className="num">{number(conflicts)}</b>
            <span>
              <strong>{t("tour.conflicts")}</strong>
              <span className="muted">{t("tour.conflictsWhat")}</span>
            </span>
          </Link>
        </li>
        <li>
          <Link to="/review" search={{ kind: "duplicate" }}>
            <b className="num">{number(duplicates)}</b>
            <span>
              <strong>{t("tour.duplicates")}</strong>
              <span className="muted">{t("tour.duplicatesWhat")}</span>
            </span>
          </Link>
        </li>
        <li>
          <Link to="/records" search={{ query: moved }}>
            <b aria-hidden="true">↗</b>
            <span>
              <strong>{t("tour.record")}</strong>
              <span className="muted">{t("tour.recordWhat")}</span>
            </span>
          </Link>
        </li>
        <li>
          <Link to="/rules">
            <b aria-hidden="true">✎</b>
            <span>
              <strong>{t("tour.rules")}</strong>
              <span className="muted">{t("tour.rulesWhat")}</span>
            </span>
          </Link>
        </li>
      </ol>
    </section>
  );
}
