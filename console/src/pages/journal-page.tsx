import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useApi, useList } from "../api.ts";
import { fieldText, type Line, sourceText, spanText, timeText } from "../format.ts";
import { useMe } from "../session.ts";
import { t, tOr } from "../text.ts";
import { hasValues, LineValues, lineTone } from "../ui/line-values.tsx";
import { Empty, Failure, Skeleton } from "../ui/state.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { UndoDialog } from "./undo-dialog.tsx";

const kinds = [
  ...["set", "kept", "put-back", "held", "superseded", "refused", "lossy", "written", "paused", "resumed"],
  ...["created", "linked", "unlinked", "merged", "deleted"],
] as const;

const spans = [3_600_000, 24 * 3_600_000, 7 * 24 * 3_600_000] as const;

export function JournalPage() {
  const me = useMe();
  const [kind, setKind] = useState("");
  const [field, setField] = useState("");
  const [span, setSpan] = useState("");
  // Moved on only when another span is chosen, so that pages stay those of one question.
  const since = useMemo(() => (span === "" ? undefined : Date.now() - Number(span)), [span]);
  const config = useApi("getConfig", {});
  const fields = [...new Set(config.data?.entities.flatMap((one) => one.fields.map(({ name }) => name)) ?? [])].sort();
  const wanted = {
    ...(kind === "" ? {} : { kind: kind as Line["kind"] }),
    ...(field === "" ? {} : { field }),
    ...(since === undefined ? {} : { since }),
  };
  const query = new URLSearchParams(
    Object.entries(wanted).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const list = useList("listJournal", { ...wanted, limit: 100 });
  const mayUndo = me?.may("operate") === true;
  const [chosen, setChosen] = useState<ReadonlyMap<number, Line>>(new Map());
  const [isAsked, ask] = useState(false);
  const toggle = (line: Line) =>
    setChosen((known) => {
      const next = new Map(known);
      if (!next.delete(line.sequence)) next.set(line.sequence, line);
      return next;
    });
  const lines = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const more = useCallback(() => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  }, [list.hasNextPage, list.isFetchingNextPage, list.fetchNextPage]);
  // A page may be empty before the last one: then the next is asked for without scrolling.
  if (list.data !== undefined && lines.length < 30) more();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("journal.title")}</h1>
        <label className="row">
          <span className="muted">{t("journal.what")}</span>
          <select className="input" value={kind} onChange={(event) => setKind(event.target.value)}>
            <option value="">{t("journal.any")}</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {tOr(`journal.${one}`, one)}
              </option>
            ))}
          </select>
        </label>
        <label className="row">
          <span className="muted">{t("journal.field")}</span>
          <select className="input" value={field} onChange={(event) => setField(event.target.value)}>
            <option value="">{t("journal.any")}</option>
            {fields.map((one) => (
              <option key={one} value={one}>
                {fieldText(one)}
              </option>
            ))}
          </select>
        </label>
        <label className="row">
          <span className="muted">{t("journal.when")}</span>
          <select className="input" value={span} onChange={(event) => setSpan(event.target.value)}>
            <option value="">{t("journal.always")}</option>
            {spans.map((ms) => (
              <option key={ms} value={ms}>
                {t("journal.last", { span: spanText(ms) })}
              </option>
            ))}
          </select>
        </label>
        <span className="grow" />
        {chosen.size === 0 ? null : (
          <>
            <button type="button" className="button primary" onClick={() => ask(true)}>
              {t("undo.chosen", { count: chosen.size })}
            </button>
            <button type="button" className="button" onClick={() => setChosen(new Map())}>
              {t("review.selectNone")}
            </button>
          </>
        )}
        {me?.may("personal") === true
          ? (["csv", "jsonl"] as const).map((form) => (
              <a key={form} className="button" href={`/api/v1/journal.${form}?${query}`} download>
                {t(`journal.export.${form}`)}
              </a>
            ))
          : null}
      </div>
      {isAsked ? (
        <UndoDialog
          lines={[...chosen.values()]}
          onClose={() => {
            ask(false);
            setChosen(new Map());
          }}
        />
      ) : null}
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton lines={10} height={28} /> : null}
      {list.data !== undefined && lines.length === 0 && !list.hasNextPage ? <Empty title={t("journal.empty")} /> : null}
      {lines.length === 0 ? null : (
        <div className="table-wrap">
          <div className="line-row head" aria-hidden="true">
            <span />
            <span>{t("journal.when")}</span>
            <span>{t("journal.what")}</span>
            <span>{t("journal.field")}</span>
            <span>{t("journal.values")}</span>
            <span>{t("journal.why")}</span>
            <span>{t("journal.by")}</span>
          </div>
          <VirtualList
            items={lines}
            rowHeight={window.innerWidth < 760 ? 62 : 38}
            keyOf={({ sequence }) => String(sequence)}
            label={t("journal.title")}
            className="tall"
            onEnd={more}
          >
            {(line) => (
              <LineRow
                line={line}
                isChosen={chosen.has(line.sequence)}
                toggle={mayUndo && canUndo(line) ? () => toggle(line) : null}
              />
            )}
          </VirtualList>
        </div>
      )}
    </div>
  );
}

/** A first value has nothing before it. */
function canUndo({ kind, version }: Line): boolean {
  return kind === "set" && version > 1;
}

function LineRow({
  line,
  isChosen,
  toggle,
}: {
  readonly line: Line;
  readonly isChosen: boolean;
  /** `null`: there is nothing to take back, or not for this person. */
  readonly toggle: (() => void) | null;
}) {
  return (
    <div className="line-row">
      {toggle === null ? (
        <span />
      ) : (
        <input
          type="checkbox"
          className="check"
          checked={isChosen}
          onChange={toggle}
          aria-label={t("undo.choose", { field: fieldText(line.field ?? ""), time: timeText(line.at) })}
        />
      )}
      <Link to="/records/$record" params={{ record: line.goldenId }} className="num one-line">
        {timeText(line.at)}
      </Link>
      <span>
        <span className={`badge ${lineTone(line.kind)}`}>{tOr(`journal.${line.kind}`, line.kind)}</span>
      </span>
      <span className="one-line hide-small">{line.field === null ? line.entity : fieldText(line.field)}</span>
      <span className="one-line line-values">
        <LineValues line={line} />
      </span>
      <span className="one-line muted hide-small" title={line.why}>
        {hasValues(line) ? line.why : ""}
      </span>
      <span className="one-line muted hide-small">{sourceText(line.source)}</span>
    </div>
  );
}
