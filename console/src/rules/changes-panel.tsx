import { useNavigate } from "@tanstack/react-router";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { fieldText } from "../format.ts";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { Failure, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { dropRuleChange, dropRuleChanges, useRuleChanges } from "./changes.ts";
import { PreviewShown } from "./effect.tsx";

/** The rules that were chosen so far, what they would do together, and the file with them in it. */
export function ChangesPanel({ file }: { readonly file: string }) {
  const changes = useRuleChanges();
  const preview = useApi("previewConfig", { rules: [...changes] }, { enabled: changes.length > 0, keep: true });
  if (changes.length === 0) return null;
  return (
    <section className="card stack changes" aria-labelledby="changes">
      <div className="row">
        <h2 id="changes">{t("change.title", { count: changes.length, file })}</h2>
        <span className="grow" />
        <button type="button" className="button small quiet" onClick={dropRuleChanges}>
          {t("change.dropAll")}
        </button>
      </div>
      <ul className="chips">
        {changes.map((change) => (
          <li key={`${change.entity}.${change.field}`} className="chip configured">
            <b>
              {change.entity} {fieldText(change.field).toLowerCase()}
            </b>
            <code>{change.rule}</code>
            <button
              type="button"
              className="button small quiet icon"
              aria-label={t("change.drop", { field: fieldText(change.field) })}
              onClick={() => dropRuleChange(change)}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      {preview.isError ? <Failure error={preview.error} retry={() => void preview.refetch()} /> : null}
      {preview.data === undefined ? (
        preview.isError ? null : (
          <Skeleton lines={3} />
        )
      ) : (
        <>
          <PreviewShown preview={preview.data} />
          <FileActions file={file} diff={preview.data.diff} text={preview.data.text} />
        </>
      )}
    </section>
  );
}

/** Takes a changed config away, or tries it: the file stays the source, and is changed by whoever looks after it. */
export function FileActions({
  file,
  diff,
  text,
}: {
  readonly file: string;
  readonly diff: string;
  /** `null`: not for this person. */
  readonly text: string | null;
}) {
  const me = useMe();
  const navigate = useNavigate();
  const name = file.split(/[\\/]/u).at(-1) ?? file;
  const plan = async () => {
    try {
      await client.startPlan({ text: text ?? "" });
      await queryClient.invalidateQueries({ queryKey: ["getPlan"] });
      await navigate({ to: "/plan" });
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
  };
  const isSame = diff === "";
  return (
    <div className="actions">
      <button type="button" className="button primary" disabled={isSame} onClick={() => save(`${name}.diff`, diff)}>
        {t("change.saveDiff")}
      </button>
      {text === null ? null : (
        <button type="button" className="button" disabled={isSame} onClick={() => save(name, text)}>
          {t("change.saveFile", { file: name })}
        </button>
      )}
      <button
        type="button"
        className="button"
        disabled={isSame}
        onClick={() => void navigator.clipboard.writeText(diff).then(() => say(t("app.copied")))}
      >
        {t("app.copy")}
      </button>
      {me?.may("operate") === true && text !== null ? (
        <button type="button" className="button" disabled={isSame} onClick={() => void plan()}>
          {t("change.plan")}
        </button>
      ) : null}
      <span className="muted small">{t("change.how")}</span>
    </div>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
