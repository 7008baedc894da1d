import { useState } from "react";
import { useApi } from "../api.ts";
import { type Hold, systemOf } from "../format.ts";
import { preferring } from "../rules/presets.ts";
import { RuleDialog } from "../rules/rule-dialog.tsx";
import { t } from "../text.ts";

/** Turns what a person would decide into a rule for the config, and says what it would do with what was decided and with what waits. */
export function AlwaysButton({ hold }: { readonly hold: Hold }) {
  const [isOpen, setOpen] = useState(false);
  const config = useApi("getConfig", {});
  const [field] = hold.fields;
  if (field === undefined || config.data?.isEditable !== true) return null;
  const fields = config.data.entities.find(({ name }) => name === hold.entity)?.fields ?? [];
  const group = fields.find(({ name }) => name === field)?.group ?? null;
  // Of a group the first field's rule decides.
  const decisive = (group === null ? undefined : fields.find((one) => one.group === group))?.name ?? field;
  const systems = [...new Set(hold.candidates.flatMap(({ source }) => systemOf(source) ?? []))];
  const all = fields.find(({ name }) => name === decisive)?.cells.map(({ system }) => system) ?? systems;
  return (
    <>
      <button type="button" className="button quiet" onClick={() => setOpen(true)}>
        {t("review.always")} …
      </button>
      {isOpen ? (
        <RuleDialog
          entity={hold.entity}
          field={decisive}
          first={systems[0] === undefined ? "newest" : preferring(systems[0], all)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
