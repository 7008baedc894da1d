import { useState } from "react";
import { useApi } from "../api.ts";
import { useMe } from "../session.ts";
import { preferring } from "./presets.ts";
import { RuleDialog } from "./rule-dialog.tsx";

/** Opens a rule for the field of a conflict, if there is a file that it could be put in. */
export function DecideButton({
  entity,
  field,
  systems,
  label,
  className,
}: {
  readonly entity: string;
  readonly field: string;
  /** The conflict's sides: the first of them comes first. */
  readonly systems: readonly string[];
  readonly label: string;
  readonly className: string;
}) {
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  const config = useApi("getConfig", {});
  if (config.data?.isEditable !== true || me?.may("review") !== true) return null;
  const fields = config.data.entities.find(({ name }) => name === entity)?.fields ?? [];
  const group = fields.find(({ name }) => name === field)?.group ?? null;
  // Of a group the first field's rule decides.
  const decisive = (group === null ? undefined : fields.find((one) => one.group === group))?.name ?? field;
  const all = fields.find(({ name }) => name === decisive)?.cells.map(({ system }) => system) ?? systems;
  return (
    <>
      <button type="button" className={className} onClick={() => setOpen(true)}>
        {label} …
      </button>
      {isOpen ? (
        <RuleDialog
          entity={entity}
          field={decisive}
          first={systems[0] === undefined ? "newest" : preferring(systems[0], all)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
