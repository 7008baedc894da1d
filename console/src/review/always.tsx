import { useState } from "react";
import { fieldText, type Hold, systemOf, valueText } from "../format.ts";
import { number, t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { say } from "../ui/toasts.tsx";
import { bulkCandidate } from "./choices.ts";

type Proposal = { readonly system: string } | "newest";

/** Turns what a person would decide into a rule for the config, and says what it would do with what waits. */
export function AlwaysButton({ hold, loaded }: { readonly hold: Hold; readonly loaded: readonly Hold[] }) {
  const [isOpen, setOpen] = useState(false);
  const systems = [...new Set(hold.candidates.flatMap(({ source }) => systemOf(source) ?? []))];
  const proposals: readonly Proposal[] = ["newest", ...systems.map((system) => ({ system }))];
  const [chosen, choose] = useState<Proposal>(proposals[1] ?? "newest");
  const [field = ""] = hold.fields;
  const alike = loaded.filter(
    (one) => one.kind === hold.kind && one.entity === hold.entity && one.fields.join() === hold.fields.join(),
  );
  const effects = alike.map((one) => ({ hold: one, candidate: bulkCandidate(one, chosen) }));
  const decidedCount = effects.filter(({ candidate }) => candidate !== null).length;
  const snippet = snippetOf(hold.entity, field, chosen, systems);
  return (
    <>
      <button type="button" className="button quiet" onClick={() => setOpen(true)}>
        {t("review.always")} …
      </button>
      {isOpen ? (
        <Dialog title={t("review.alwaysTitle")} onClose={() => setOpen(false)}>
          <div className="chips">
            {proposals.map((proposal) => (
              <button
                key={nameOf(proposal)}
                type="button"
                className={`button small ${nameOf(proposal) === nameOf(chosen) ? "primary" : ""}`}
                aria-pressed={nameOf(proposal) === nameOf(chosen)}
                onClick={() => choose(proposal)}
              >
                {proposal === "newest" ? t("review.bulkNewest") : t("review.bulkTake", proposal)}
              </button>
            ))}
          </div>
          <p>{t("review.alwaysLead", { field: fieldText(field).toLowerCase(), entity: hold.entity })}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard. */}
          <pre className="json" tabIndex={0}>
            {snippet}
          </pre>
          <p>
            {t("review.alwaysEffect", { count: alike.length })} <b>{number(decidedCount)}</b>
          </p>
          <ul className="small">
            {effects.slice(0, 5).map(({ hold: one, candidate }) => (
              <li key={one.id} className="one-line">
                <b>{one.label}</b>{" "}
                {candidate === null
                  ? t("review.leaves")
                  : valueText(one.candidates[candidate]?.values[field]) || t("value.blank")}
              </li>
            ))}
          </ul>
          <div>
            <button
              type="button"
              className="button"
              onClick={() => void navigator.clipboard.writeText(snippet).then(() => say(t("app.copied")))}
            >
              {t("app.copy")}
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function nameOf(proposal: Proposal): string {
  return proposal === "newest" ? proposal : `system ${proposal.system}`;
}

/** As the config has it: docs/config.md, rules. */
function snippetOf(entity: string, field: string, proposal: Proposal, systems: readonly string[]): string {
  const rule =
    proposal === "newest"
      ? "{ newest: review }"
      : `{ prefer: [${[proposal.system, ...systems.filter((one) => one !== proposal.system)].join(", ")}] }`;
  return `# entities.${entity}.fields.${field}\nrule: ${rule}\n`;
}
