import { Link } from "@tanstack/react-router";
import { fieldText, type Hold, type HoldDetail, valueText } from "../format.ts";
import { t } from "../text.ts";
import { RecordLink } from "../ui/record-link.tsx";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { ValueText } from "../ui/value.tsx";

type Survivor = HoldDetail["survivors"][number];

/** A record beside the golden records that it may be the same as, field by field, and what would become of it and the first of them. */
export function Evidence({ hold, survivors }: { readonly hold: Hold; readonly survivors: readonly Survivor[] }) {
  const survivor = survivors.find(({ goldenId }) => goldenId === hold.matches[0]?.id);
  const own = hold.candidates[0]?.values ?? {};
  const fields = [...new Set([...Object.keys(own), ...hold.matches.flatMap((match) => Object.keys(match.fields))])];
  const columns = hold.matches.length + 1 + (survivor === undefined ? 0 : 1);
  return (
    <section className="stack" style={{ gap: 6 }}>
      <h3>{t("review.evidence")}</h3>
      <ScrollFrame className="evidence" label={t("review.evidence")}>
        <table style={{ minWidth: 96 + 128 * columns }}>
          <thead>
            <tr>
              <th scope="col">{t("record.field")}</th>
              <th scope="col">
                {t("review.thisRecord")}{" "}
                {hold.ref === null ? null : (
                  <span className="muted">
                    {hold.ref.system} <RecordLink system={hold.ref.system} id={hold.ref.id} url={hold.url} />
                  </span>
                )}
              </th>
              {hold.matches.map((match, i) => (
                <th key={match.id} scope="col">
                  <kbd>{i + 1}</kbd>{" "}
                  <Link to="/records/$record" params={{ record: match.id }}>
                    {match.label}
                  </Link>{" "}
                  <span className="muted">{match.systems.map(({ system }) => system).join(", ")}</span>
                  {match.probability === null ? null : (
                    <span className="badge accent">
                      {t("review.sure", { percent: Math.floor(match.probability * 1_000) / 10 })}
                    </span>
                  )}
                </th>
              ))}
              {survivor === undefined ? null : (
                <th scope="col" className="survivor">
                  {t("review.survivor")} <kbd>1</kbd>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{fieldText(field)}</th>
                <td>
                  <ValueText value={own[field]} />
                </td>
                {hold.matches.map((match) => (
                  <Compared key={match.id} own={valueText(own[field])} other={match.fields[field]} />
                ))}
                {survivor === undefined ? null : (
                  <Surviving field={survivor.fields.find(({ name }) => name === field)} />
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {hold.matches
        .filter(({ evidence }) => evidence.length > 0)
        .map((match) => (
          <Weights key={match.id} evidence={match.evidence} />
        ))}
    </section>
  );
}

/** What would be agreed on; where no rule decides, that it would be asked about. */
function Surviving({ field }: { readonly field: Survivor["fields"][number] | undefined }) {
  return (
    <td className="survivor">
      {field?.isHeld === true ? <span className="badge warn">{t("review.survivorHeld")}</span> : null}{" "}
      {field?.isHeld === true ? null : <ValueText value={field?.value} />}
    </td>
  );
}

/** What speaks for one thing and what for two, by weight. */
function Weights({ evidence }: { readonly evidence: Hold["matches"][number]["evidence"] }) {
  const most = Math.max(...evidence.map(({ weight }) => Math.abs(weight)));
  const sorted = evidence.toSorted((a, b) => b.weight - a.weight);
  return (
    <ScrollFrame label={t("review.evidence")}>
      <table>
        <tbody>
          {sorted.map(({ about, finding, weight }) => (
            <tr key={`${about}/${finding}`}>
              <th scope="row">{fieldText(about)}</th>
              <td>{finding}</td>
              <td style={{ width: 160 }}>
                <span className="visually-hidden">{t(weight > 0 ? "review.speaksFor" : "review.speaksAgainst")}</span>
                <span
                  className={`bar ${weight > 0 ? "" : "against"}`}
                  style={{ width: `${Math.max(2, (100 * Math.abs(weight)) / most)}%` }}
                  title={weight.toFixed(1)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

function Compared({ own, other }: { readonly own: string; readonly other: Hold["base"][string] | undefined }) {
  const text = valueText(other);
  const verdict = text === own ? "same" : text === "" || own === "" ? "onlyOne" : "different";
  if (text === "" && own === "") {
    return (
      <td>
        <ValueText value={null} />
      </td>
    );
  }
  const signs = { same: "=", different: "≠", onlyOne: "∅" } as const;
  return (
    <td className={verdict}>
      <span className="compared">
        <span title={t(`review.${verdict}`)}>{signs[verdict]}</span>
        <span className="visually-hidden">{t(`review.${verdict}`)}</span>
        <ValueText value={other} />
      </span>
    </td>
  );
}
