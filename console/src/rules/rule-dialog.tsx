import { useDeferredValue, useState } from "react";
import { useApi } from "../api.ts";
import { fieldText } from "../format.ts";
import { t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Failure, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { addRuleChange } from "./changes.ts";
import { PreviewShown } from "./effect.tsx";
import { presetsFor } from "./presets.ts";

/** Chooses a rule for a field, and says what it would do with what people decided and with what waits, before anything is changed. */
export function RuleDialog({
  entity,
  field,
  first,
  onClose,
}: {
  readonly entity: string;
  readonly field: string;
  /** What is chosen at first, as the config writes it. */
  readonly first: string;
  readonly onClose: () => void;
}) {
  const [rule, setRule] = useState(first);
  const config = useApi("getConfig", {});
  const tried = useDeferredValue(rule.trim());
  const preview = useApi(
    "previewConfig",
    { rules: [{ entity, field, rule: tried }] },
    { enabled: tried !== "", keep: true },
  );
  const known = config.data?.entities.find(({ name }) => name === entity);
  const of = known?.fields.find(({ name }) => name === field);
  const systems = of?.cells.map(({ system }) => system) ?? [];
  const presets = of === undefined ? [] : presetsFor(of, systems);
  const isSound = preview.data?.effects != null && !preview.isPlaceholderData;
  const add = () => {
    addRuleChange({ entity, field, rule: tried });
    say(t("change.added", { field: fieldText(field) }));
    onClose();
  };
  return (
    <Dialog title={t("review.alwaysTitle")} onClose={onClose}>
      <p className="muted">{t("change.lead", { field: fieldText(field).toLowerCase(), entity })}</p>
      <fieldset className="chips">
        <legend className="visually-hidden">{t("rules.rule")}</legend>
        {presets.map((preset) => (
          <button
            key={preset.rule}
            type="button"
            className={`button small ${preset.rule === rule ? "primary" : ""}`}
            aria-pressed={preset.rule === rule}
            onClick={() => setRule(preset.rule)}
          >
            {preset.label}
          </button>
        ))}
      </fieldset>
      <label className="field">
        <span>{t("change.asWritten")}</span>
        <input
          className="input mono"
          value={rule}
          onChange={(event) => setRule(event.target.value)}
          spellCheck={false}
        />
      </label>
      {preview.isError ? <Failure error={preview.error} retry={() => void preview.refetch()} /> : null}
      {preview.data === undefined ? (
        preview.isError ? null : (
          <Skeleton lines={3} />
        )
      ) : (
        <PreviewShown preview={preview.data} />
      )}
      <div className="actions">
        <button type="button" className="button primary" disabled={!isSound} onClick={add}>
          {t("change.add")}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t("app.cancel")}
        </button>
      </div>
    </Dialog>
  );
}
