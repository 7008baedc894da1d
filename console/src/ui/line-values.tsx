import { type Line, valueText } from "../format.ts";
import { t } from "../text.ts";

export function lineTone(kind: Line["kind"]): string {
  if (kind === "set") return "accent";
  if (kind === "held" || kind === "put-back") return "warn";
  return kind === "refused" || kind === "lossy" || kind === "deleted" ? "bad" : "";
}

const kindsWithValues = ["set", "kept", "put-back", "held", "superseded", "refused", "lossy"];

/** Other lines are about the record as a whole. */
export function hasValues({ kind }: Line): boolean {
  return kindsWithValues.includes(kind);
}

/** What a line says about values, in one line; one without says why it is there. */
export function LineValues({ line }: { readonly line: Line }) {
  const { kind, from, to, other } = line;
  const shown = (value: Line["to"]) => valueText(value) || t("value.blank");
  if (kind === "set") {
    return (
      <>
        {valueText(from) === "" ? null : (
          <>
            <span className="muted">{shown(from)}</span>
            <span className="arrow">→</span>
          </>
        )}
        <span>{shown(to)}</span>
      </>
    );
  }
  if (!hasValues(line)) return <span className="muted">{line.why}</span>;
  return (
    <>
      {shown(to)}, <span className="muted">{t("journal.not", { value: shown(other) })}</span>
    </>
  );
}
