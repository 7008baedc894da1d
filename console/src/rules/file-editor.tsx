import { useEffect, useState } from "react";
import { useApi } from "../api.ts";
import { t } from "../text.ts";
import { Failure, Loaded, Skeleton } from "../ui/state.tsx";
import { FileActions } from "./changes-panel.tsx";
import { PreviewShown } from "./effect.tsx";

const restMs = 400;

/** The config file as text, checked while it is written. Nothing is saved here. */
export function FileEditor() {
  const query = useApi("getConfigText", {});
  return <Loaded query={query}>{({ file, text }) => <Editor key={text} file={file} text={text} />}</Loaded>;
}

function Editor({ file, text }: { readonly file: string; readonly text: string }) {
  const [wanted, setWanted] = useState(text);
  const tried = useRested(wanted);
  const preview = useApi("previewConfig", { text: tried }, { keep: true });
  return (
    <section className="card stack" aria-labelledby="file-editor">
      <div className="row">
        <h2 id="file-editor">{file}</h2>
        <span className="grow" />
        <button type="button" className="button small quiet" disabled={wanted === text} onClick={() => setWanted(text)}>
          {t("change.reset")}
        </button>
      </div>
      <textarea
        className="input mono file-text"
        aria-labelledby="file-editor"
        spellCheck={false}
        value={wanted}
        rows={Math.min(28, wanted.split("\n").length + 1)}
        onChange={(event) => setWanted(event.target.value)}
      />
      {preview.isError ? <Failure error={preview.error} retry={() => void preview.refetch()} /> : null}
      {preview.data === undefined ? (
        preview.isError ? null : (
          <Skeleton lines={2} />
        )
      ) : (
        <>
          <PreviewShown preview={preview.data} />
          <FileActions
            file={file}
            diff={preview.data.effects === null ? "" : preview.data.diff}
            text={preview.data.text}
          />
        </>
      )}
    </section>
  );
}

/** A value, once it has been left alone for a moment. */
function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
